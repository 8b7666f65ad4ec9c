module github.com/multiproc/mp/bench

go 1.26.0

require (
	github.com/fxamacker/cbor/v2 v2.9.6
	github.com/multiproc/mp v0.0.0
	golang.org/x/sys v0.49.0
)

require github.com/x448/float16 v0.8.4 // indirect

replace github.com/multiproc/mp => ../
