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
	// begins judges the first bytes.
	begins func(head []byte) bool
	// end, if set, returns how many bytes are the picture: what is behind them is
	// not kept. A file without an end, or with one where a picture of this kind has
	// none, is refused with ErrTypeNotAllowed.
	end func(file io.ReaderAt, size int64) (int64, error)
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
	{contentType: "image/jpeg", extension: "jpg", raster: true, begins: starts("\xff\xd8\xff"), end: endOfJPEG},
	{contentType: "image/png", extension: "png", raster: true, begins: starts("\x89PNG\r\n\x1a\n"), end: closes("\x00\x00\x00\x00IEND\xaeB`\x82")},
	{contentType: "image/gif", extension: "gif", raster: true, begins: starts("GIF87a", "GIF89a"), end: closes(";")},
	{contentType: "image/webp", extension: "webp", raster: true, begins: isWebP, end: endOfWebP},
	{contentType: "image/bmp", extension: "bmp", raster: true, begins: isBMP, end: endOfBMP},
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

// judge returns what a file is and how much of it is kept, ErrTypeNotAllowed if it
// may not be that. An operator's file must be what it claims. Of a person's
// picture only the bytes count, the last ones too: browsers are poor at naming
// types, and a picture that is an archive as well is none.
func (k Kind) judge(declared string, file content, size int64) (*format, int64, error) {
	head, err := readAt(file, 0, min(size, headSize))
	if err != nil {
		return nil, 0, err
	}
	if k == Avatar {
		for i := range formats {
			if f := &formats[i]; f.end != nil && f.begins(head) {
				end, err := f.end(file, size)
				return f, end, err
			}
		}
		return nil, 0, ErrTypeNotAllowed
	}
	f := byType(declared)
	if f == nil || !f.begins(head) {
		return nil, 0, ErrTypeNotAllowed
	}
	if f.inspect != nil {
		if size > maxInspected {
			return nil, 0, web.ErrFileTooLarge.Describe("a file of this type may have %d MiB", maxInspected>>20)
		}
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return nil, 0, ErrUpload.Wrap(err)
		}
		if !f.inspect(file) {
			return nil, 0, ErrTypeNotAllowed
		}
	}
	return f, size, nil
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

// closes: the mark is the last of the file.
func closes(mark string) func(io.ReaderAt, int64) (int64, error) {
	return func(file io.ReaderAt, size int64) (int64, error) {
		tail, err := readAt(file, max(0, size-int64(len(mark))), min(size, int64(len(mark))))
		return whole(size, string(tail) == mark, err)
	}
}

// whole is the answer of a format of which all bytes are the picture.
func whole(size int64, ok bool, err error) (int64, error) {
	if err == nil && !ok {
		err = ErrTypeNotAllowed
	}
	return size, err
}

func isWebP(head []byte) bool {
	return len(head) >= 16 && string(head[:4]) == "RIFF" && string(head[8:15]) == "WEBPVP8"
}

// endOfWebP: the header says how long the file is.
func endOfWebP(file io.ReaderAt, size int64) (int64, error) {
	head, err := readAt(file, 4, 4)
	return whole(size, err == nil && int64(binary.LittleEndian.Uint32(head))+8 == size, err)
}

// isBMP: two letters are a weak sign, so the size of the second header counts
// as well.
func isBMP(head []byte) bool {
	return len(head) >= 18 && string(head[:2]) == "BM" &&
		slices.Contains([]uint32{12, 40, 52, 56, 64, 108, 124}, binary.LittleEndian.Uint32(head[14:]))
}

func endOfBMP(file io.ReaderAt, size int64) (int64, error) {
	head, err := readAt(file, 2, 4)
	return whole(size, err == nil && int64(binary.LittleEndian.Uint32(head)) == size, err)
}

// isText: what follows decides whether it is an SVG.
func isText(head []byte) bool { return !bytes.ContainsRune(head, 0) }
