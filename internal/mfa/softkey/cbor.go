package softkey

import (
	"encoding/binary"
	"fmt"
)

// Raw is CBOR that is written as it is.
type Raw []byte

// Map encodes a CBOR map (RFC 8949) of alternating keys and values, in the given
// order and with whatever duplicates there are.
func Map(pairs ...any) []byte {
	out := head(5, uint64(len(pairs)/2))
	for _, value := range pairs {
		out = append(out, item(value)...)
	}
	return out
}

func item(value any) []byte {
	switch v := value.(type) {
	case Raw:
		return v
	case int:
		return item(int64(v))
	case int64:
		if v < 0 {
			return head(1, uint64(-1-v))
		}
		return head(0, uint64(v))
	case []byte:
		return append(head(2, uint64(len(v))), v...)
	case string:
		return append(head(3, uint64(len(v))), v...)
	case [][]byte:
		out := head(4, uint64(len(v)))
		for _, element := range v {
			out = append(out, item(element)...)
		}
		return out
	default:
		panic(fmt.Sprintf("softkey: no CBOR for %T", value))
	}
}

func head(major byte, n uint64) []byte {
	switch {
	case n < 24:
		return []byte{major<<5 | byte(n)}
	case n < 1<<8:
		return []byte{major<<5 | 24, byte(n)}
	case n < 1<<16:
		return binary.BigEndian.AppendUint16([]byte{major<<5 | 25}, uint16(n))
	default:
		return binary.BigEndian.AppendUint32([]byte{major<<5 | 26}, uint32(n))
	}
}
