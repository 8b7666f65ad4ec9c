package mp

import (
	"runtime"

	"github.com/multiproc/mp/internal/codec"
	"github.com/multiproc/mp/internal/dict"
	"github.com/multiproc/mp/internal/pod"
)

// Set puts v under k. Its errors: *[ArenaFullError]; and what the encoding of k or v says, if it cannot travel. Nothing
// has changed then.
func (d *Dict[K, V]) Set(k K, v V) error {
	_, err := d.put(k, v, dict.Anything)
	return err
}

// put encodes k and v, and sets it if there is what is expected.
func (d *Dict[K, V]) put(k K, v V, x dict.Expected) (done bool, err error) {
	if encoded, ok := d.keys.Memory(&k); ok && d.raw && len(encoded) <= dict.LargestKey {
		d.changing()
		shard, key := d.place(encoded)
		done, err = shard.Set(d.user, key, pod.Bytes(&v), x)
		d.seen()
		return done, err
	}
	buf := takeBuffer()
	encoded, b, err := d.encode(&k, (*buf)[:0])
	n := len(b)
	if err == nil {
		b, err = codec.Append(b, v)
	}
	if err == nil {
		d.changing()
		shard, key := d.place(encoded)
		done, err = shard.Set(d.user, key, b[n:], x)
		d.seen()
	}
	giveBuffer(buf, b)
	return done, err
}

// SetDefault puts v under k if there is nothing, and returns what is under k then, and whether it was there before. Its
// errors are those of Set.
func (d *Dict[K, V]) SetDefault(k K, v V) (actual V, found bool, err error) {
	for {
		if actual, found = d.Get(k); found {
			return actual, true, nil
		}
		if done, err := d.put(k, v, dict.Expected{}); done {
			return v, false, nil
		} else if err != nil {
			return actual, false, err
		}
	}
}

// Update puts f(old, found) under k and returns it: old is what is there, found tells whether anything is. f runs
// without a lock, so it may take long and use the Dict; if another changes what is under k meanwhile, f is called again
// with what is there then. So it must do nothing but compute; if it changes what is under k itself, it never ends. If f
// panics, or its process is killed in it, nothing has happened. The errors are those of Set.
func (d *Dict[K, V]) Update(k K, f func(old V, found bool) V) (V, error) {
	if encoded, ok := d.keys.Memory(&k); ok && d.raw && len(encoded) <= dict.LargestKey {
		shard, key := d.place(encoded)
		return d.updateMemory(shard, key, f)
	}
	var zero V
	buf := takeBuffer()
	encoded, b, err := d.encode(&k, (*buf)[:0])
	n := len(b)
	for err == nil {
		shard, key := d.place(encoded)
		var x dict.Expected
		b, x.Found = shard.Get(d.user, key, b[:n])
		d.seen()
		m, old := len(b), zero
		if x.Found {
			old = mustDecode[V](b[n:])
		}
		v := f(old, x.Found)
		if b, err = codec.Append(b, v); err != nil {
			break
		}
		d.changing()
		x.Value = b[n:m]
		done, failed := shard.Set(d.user, key, b[m:], x)
		if err = failed; done {
			giveBuffer(buf, b)
			runtime.KeepAlive(d)
			return v, nil
		}
	}
	giveBuffer(buf, b)
	return zero, err
}

// updateMemory is Update of values whose memory is their encoding.
func (d *Dict[K, V]) updateMemory(shard *dict.Shard, key dict.Key, f func(old V, found bool) V) (V, error) {
	for {
		var old V
		found := d.copyTo(&old, shard, key)
		v := f(old, found)
		d.changing()
		done, err := shard.Set(d.user, key, pod.Bytes(&v), dict.Expected{Found: found, Value: pod.Bytes(&old)})
		runtime.KeepAlive(d)
		switch {
		case err != nil:
			return *new(V), err
		case done:
			return v, nil
		}
	}
}

// Delete takes k out, if it is there.
func (d *Dict[K, V]) Delete(k K) {
	buf := takeBuffer()
	encoded, b := d.mustEncode(&k, (*buf)[:0])
	d.changing()
	shard, key := d.place(encoded)
	shard.Delete(d.user, key, dict.Anything)
	d.seen()
	giveBuffer(buf, b)
}

// DeleteIf takes k out if it is there and f says so of what is under it; it tells whether it did. f runs without a lock
// and may be called again, as Update's.
func (d *Dict[K, V]) DeleteIf(k K, f func(v V) bool) bool {
	buf := takeBuffer()
	encoded, b := d.mustEncode(&k, (*buf)[:0])
	n, done := len(b), false
	shard, key := d.place(encoded)
	for !done {
		var found bool
		b, found = shard.Get(d.user, key, b[:n])
		d.seen()
		if !found || !f(mustDecode[V](b[n:])) {
			break
		}
		d.changing()
		done = shard.Delete(d.user, key, dict.Expected{Found: true, Value: b[n:]})
	}
	giveBuffer(buf, b)
	runtime.KeepAlive(d)
	return done
}

// Clear takes everything out, one shard after the other, each all at once; killed in it, a process may have taken some
// keys out and not others.
func (d *Dict[K, V]) Clear() {
	d.changing()
	for i := range d.shards {
		d.shards[i].Clear(d.user)
	}
	d.seen()
}
