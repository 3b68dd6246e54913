package asset

import (
	"bytes"
	"encoding/binary"
	"io"
	"slices"

	"signet/internal/platform/web"
)

// format is a kind of file that is taken.
type format struct {
	contentType string
	// names are other media types under which clients know it.
	names     []string
	extension string
	// raster pictures hold pixels and nothing that could act.
	raster bool
	// begins judges the first bytes, ends the last ones, where a picture can tell
	// that nothing hides behind it.
	begins func(head []byte) bool
	ends   func(tail []byte, size int64, head []byte) bool
	// inspect, if set, judges the whole file.
	inspect func(r io.Reader) bool
}

const (
	// headSize is how many bytes decide what a file is.
	headSize = 64
	// maxInspected bounds a file that is looked through, for that takes a multiple
	// of it in memory.
	maxInspected = 2 << 20
)

var formats = []format{
	{contentType: "image/jpeg", extension: "jpg", raster: true, begins: starts("\xff\xd8\xff"), ends: closes("\xff\xd9")},
	{contentType: "image/png", extension: "png", raster: true, begins: starts("\x89PNG\r\n\x1a\n"), ends: closes("\x00\x00\x00\x00IEND\xaeB`\x82")},
	{contentType: "image/gif", extension: "gif", raster: true, begins: starts("GIF87a", "GIF89a"), ends: closes(";")},
	{contentType: "image/webp", extension: "webp", raster: true, begins: isWebP, ends: endsWebP},
	{contentType: "image/bmp", extension: "bmp", raster: true, begins: isBMP, ends: endsBMP},
	{contentType: "image/vnd.microsoft.icon", names: []string{"image/x-icon"}, extension: "ico", raster: true, begins: starts("\x00\x00\x01\x00")},
	{contentType: "image/tiff", extension: "tif", begins: starts("II*\x00", "MM\x00*")},
	{contentType: "image/svg+xml", extension: "svg", begins: isText, inspect: isHarmlessSVG},
	{contentType: "application/zip", names: []string{"application/x-zip-compressed"}, extension: "zip", begins: starts("PK\x03\x04")},
}

// ContentTypes are the media types that an operator's file may have.
var ContentTypes = []string{
	"image/jpeg", "image/png", "image/gif", "image/vnd.microsoft.icon", "image/x-icon", "image/svg+xml",
	"image/tiff", "image/webp", "image/bmp", "application/zip",
}

func byType(contentType string) *format {
	for i := range formats {
		if f := &formats[i]; f.contentType == contentType || slices.Contains(f.names, contentType) {
			return f
		}
	}
	return nil
}

// content is a file that can be read anywhere.
type content interface {
	io.ReaderAt
	io.ReadSeeker
}

// judge returns what a file is, ErrTypeNotAllowed if it may not be that. An
// operator's file must be what it claims. Of a person's picture only the bytes
// count, the last ones too: browsers are poor at naming types, and a picture
// that is an archive as well is none.
func (k Kind) judge(declared string, file content, size int64) (*format, error) {
	head, err := readAt(file, 0, min(size, headSize))
	if err != nil {
		return nil, err
	}
	if k == Avatar {
		tail, err := readAt(file, size-int64(len(head)), int64(len(head)))
		if err != nil {
			return nil, err
		}
		for i := range formats {
			if f := &formats[i]; f.ends != nil && f.begins(head) && f.ends(tail, size, head) {
				return f, nil
			}
		}
		return nil, ErrTypeNotAllowed
	}
	f := byType(declared)
	if f == nil || !f.begins(head) {
		return nil, ErrTypeNotAllowed
	}
	if f.inspect != nil {
		if size > maxInspected {
			return nil, web.ErrFileTooLarge.Describe("a file of this type may have %d MiB", maxInspected>>20)
		}
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return nil, ErrUpload.Wrap(err)
		}
		if !f.inspect(file) {
			return nil, ErrTypeNotAllowed
		}
	}
	return f, nil
}

func readAt(file io.ReaderAt, offset, size int64) ([]byte, error) {
	b := make([]byte, size)
	if _, err := file.ReadAt(b, offset); err != nil {
		return nil, ErrUpload.Wrap(err)
	}
	return b, nil
}

func starts(magic ...string) func([]byte) bool {
	return func(head []byte) bool {
		return slices.ContainsFunc(magic, func(m string) bool { return bytes.HasPrefix(head, []byte(m)) })
	}
}

func closes(mark string) func([]byte, int64, []byte) bool {
	return func(tail []byte, _ int64, _ []byte) bool { return bytes.HasSuffix(tail, []byte(mark)) }
}

func isWebP(head []byte) bool {
	return len(head) >= 16 && string(head[:4]) == "RIFF" && string(head[8:15]) == "WEBPVP8"
}

// endsWebP: the header says how long the file is.
func endsWebP(_ []byte, size int64, head []byte) bool {
	return int64(binary.LittleEndian.Uint32(head[4:]))+8 == size
}

// isBMP: two letters are a weak sign, so the size of the second header counts
// as well.
func isBMP(head []byte) bool {
	return len(head) >= 18 && string(head[:2]) == "BM" &&
		slices.Contains([]uint32{12, 40, 52, 56, 64, 108, 124}, binary.LittleEndian.Uint32(head[14:]))
}

func endsBMP(_ []byte, size int64, head []byte) bool {
	return int64(binary.LittleEndian.Uint32(head[2:])) == size
}

// isText: what follows decides whether it is an SVG.
func isText(head []byte) bool { return !bytes.ContainsRune(head, 0) }
