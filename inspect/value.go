package inspect

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"strconv"
	"strings"
)

// small writes a value of at most 8 bytes: as a number if its type is one, otherwise its bytes in hex, in the order in
// which they lie in memory. "" for a larger one. size and word are as untrusted as the rest.
func small(typ string, size, word uint64) string {
	if size == 0 || size > 8 {
		return ""
	}
	unused := 64 - 8*size
	word = word << unused >> unused
	kind := typ[strings.LastIndexByte(typ, ' ')+1:] // a defined type is written as its name and what is behind it
	if strings.ContainsAny(typ, "{[") {
		kind = ""
	}
	switch {
	case kind == "bool" && word <= 1:
		return strconv.FormatBool(word == 1)
	case kind == "float64" && size == 8:
		return strconv.FormatFloat(math.Float64frombits(word), 'g', -1, 64)
	case kind == "float32" && size == 4:
		return strconv.FormatFloat(float64(math.Float32frombits(uint32(word))), 'g', -1, 32)
	case strings.HasPrefix(kind, "uint"):
		return strconv.FormatUint(word, 10)
	case strings.HasPrefix(kind, "int"):
		return strconv.FormatInt(int64(word<<unused)>>unused, 10)
	}
	return "0x" + hex.EncodeToString(binary.LittleEndian.AppendUint64(nil, word)[:size])
}
