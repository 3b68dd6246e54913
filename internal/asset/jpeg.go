package asset

import (
	"bufio"
	"errors"
	"io"
)

// Markers of JPEG (ITU-T T.81 annex B) that decide where a picture ends. Each is
// preceded by 0xff.
const (
	jpegStuffed   = 0x00 // no marker: a byte of pixels that is 0xff
	jpegTemporary = 0x01
	jpegRestart0  = 0xd0
	jpegRestart7  = 0xd7
	jpegStart     = 0xd8
	jpegEnd       = 0xd9
	jpegScan      = 0xda
)

// endOfJPEG finds the end of the picture by walking over its segments. Cameras
// write behind it what decoders never read: videos, depth maps, notes, zeros. It
// reads a file once.
func endOfJPEG(file io.ReaderAt, size int64) (int64, error) {
	w := &jpegWalk{r: bufio.NewReader(io.NewSectionReader(file, 0, size))}
	end, err := w.end()
	if errors.Is(err, io.EOF) {
		return 0, ErrTypeNotAllowed
	}
	return end, err
}

// jpegWalk is at a place of a file.
type jpegWalk struct {
	r  *bufio.Reader
	at int64
}

func (w *jpegWalk) end() (int64, error) {
	for hasPixels, begun := false, false; ; begun = true {
		marker, err := w.marker()
		switch {
		case err != nil:
			return 0, err
		case (marker == jpegStart) == begun, marker == jpegEnd && !hasPixels:
			return 0, ErrTypeNotAllowed
		case marker == jpegStart:
			continue
		case marker == jpegEnd:
			return w.at, nil
		case marker == jpegScan:
			hasPixels = true
		}
		if err := w.skipSegment(); err != nil {
			return 0, err
		}
	}
}

// marker returns the next marker that is not part of the pixels. Bytes that are
// none are passed over, as decoders do.
func (w *jpegWalk) marker() (byte, error) {
	for isPrefixed := false; ; {
		b, err := w.byte()
		switch {
		case err != nil:
			return 0, err
		case b == 0xff:
			isPrefixed = true
		case !isPrefixed:
		case b == jpegStuffed, b == jpegTemporary, jpegRestart0 <= b && b <= jpegRestart7:
			isPrefixed = false
		default:
			return b, nil
		}
	}
}

// skipSegment passes over what follows a marker; its length counts itself.
func (w *jpegWalk) skipSegment() error {
	high, err := w.byte()
	if err != nil {
		return err
	}
	low, err := w.byte()
	if err != nil {
		return err
	}
	length := int(high)<<8 | int(low)
	if length < 2 {
		return ErrTypeNotAllowed
	}
	n, err := w.r.Discard(length - 2)
	w.at += int64(n)
	return seenOrEOF(err)
}

func (w *jpegWalk) byte() (byte, error) {
	b, err := w.r.ReadByte()
	if err == nil {
		w.at++
	}
	return b, seenOrEOF(err)
}

// seenOrEOF tells the end of the file from a disk that fails.
func seenOrEOF(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	return ErrUpload.Wrap(err)
}
