package digest

import (
	"encoding/binary"
	"hash"
	"math/bits"
)

// sm3 is the digest of GB/T 32905-2016 (ISO/IEC 10118-3:2018), which the
// libraries of Go lack.
type sm3 struct {
	state  [8]uint32
	buffer [sm3Block]byte
	used   int    // of buffer, less than all
	length uint64 // of all input in bytes
}

const sm3Block = 64

func newSM3() hash.Hash {
	h := &sm3{}
	h.Reset()
	return h
}

func (h *sm3) Reset() {
	h.state = [8]uint32{
		0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e,
	}
	h.used, h.length = 0, 0
}

func (h *sm3) Size() int      { return 32 }
func (h *sm3) BlockSize() int { return sm3Block }

func (h *sm3) Write(p []byte) (int, error) {
	h.length += uint64(len(p))
	for rest := p; len(rest) > 0; {
		n := copy(h.buffer[h.used:], rest)
		h.used, rest = h.used+n, rest[n:]
		if h.used == sm3Block {
			h.compress()
			h.used = 0
		}
	}
	return len(p), nil
}

func (h *sm3) Sum(b []byte) []byte {
	end := *h // whoever holds h may go on writing
	var padding [2 * sm3Block]byte
	padding[0] = 0x80
	n := sm3Block - h.used
	if n < 1+8 {
		n += sm3Block
	}
	binary.BigEndian.PutUint64(padding[n-8:], h.length*8)
	_, _ = end.Write(padding[:n])
	for _, word := range end.state {
		b = binary.BigEndian.AppendUint32(b, word)
	}
	return b
}

// compress is section 5.3 of the standard.
func (h *sm3) compress() {
	var w [68]uint32
	for i := range 16 {
		w[i] = binary.BigEndian.Uint32(h.buffer[4*i:])
	}
	for i := 16; i < len(w); i++ {
		x := w[i-16] ^ w[i-9] ^ bits.RotateLeft32(w[i-3], 15)
		x ^= bits.RotateLeft32(x, 15) ^ bits.RotateLeft32(x, 23)
		w[i] = x ^ bits.RotateLeft32(w[i-13], 7) ^ w[i-6]
	}
	s := h.state
	for i := range 64 {
		s = sm3Round(s, i, w[i], w[i]^w[i+4])
	}
	for i := range s {
		h.state[i] ^= s[i]
	}
}

func sm3Round(s [8]uint32, i int, w, w4 uint32) [8]uint32 {
	a, b, c, d, e, f, g, k := s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]
	t, ff, gg := uint32(0x79cc4519), a^b^c, e^f^g
	if i >= 16 {
		t, ff, gg = 0x7a879d8a, a&b|a&c|b&c, e&f|^e&g
	}
	a12 := bits.RotateLeft32(a, 12)
	ss1 := bits.RotateLeft32(a12+e+bits.RotateLeft32(t, i%32), 7)
	t1 := ff + d + (ss1 ^ a12) + w4
	t2 := gg + k + ss1 + w
	p0 := t2 ^ bits.RotateLeft32(t2, 9) ^ bits.RotateLeft32(t2, 17)
	return [8]uint32{t1, a, bits.RotateLeft32(b, 9), c, p0, e, bits.RotateLeft32(f, 19), g}
}
