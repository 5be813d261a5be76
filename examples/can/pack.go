package main

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/fnv"
	"regexp"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// frameBytes is the size of a frame in a message, and of a struct can_frame of Linux.
const frameBytes = 16

// mostOffset is what three bytes hold: microseconds since the first frame of the message.
const mostOffset = 1<<24 - 1

// Flags of an identifier, as SocketCAN has them (linux/can.h).
const (
	extended = 1 << 31
	remote   = 1 << 30
	isError  = 1 << 29
)

// candump -L: time, bus, identifier of 3 or 8 digits, and up to 8 bytes, or R for a remote frame, and of some versions a direction.
var logged = regexp.MustCompile(`^\((\d+)\.(\d{6})\) (\S+) ([0-9A-Fa-f]{3}|[0-9A-Fa-f]{8})#(R[0-8]?|(?:[0-9A-Fa-f]{2}){0,8})(?: [RT])?$`)

type frame struct {
	bus  string
	time int64 // microseconds since 1970
	id   uint32
	size byte
	data [8]byte
}

func parse(line string) (*frame, error) {
	part := logged.FindStringSubmatch(line)
	if part == nil {
		return nil, errors.New("no frame of classical CAN as candump -L prints it")
	}
	at, err := strconv.ParseInt(part[1]+part[2], 10, 64)
	if err != nil {
		return nil, err
	}
	id, err := strconv.ParseUint(part[4], 16, 32)
	if err != nil {
		return nil, err
	}
	f := &frame{bus: part[3], time: at, id: uint32(id)}
	// candump writes an error frame as an extended identifier with the flag in it.
	if len(part[4]) == 8 && f.id&isError == 0 {
		f.id |= extended
	}
	if data := part[5]; data != "" && data[0] == 'R' {
		f.id |= remote
		if len(data) == 2 {
			f.size = data[1] - '0'
		}
	} else {
		size, err := hex.Decode(f.data[:], []byte(data))
		if err != nil {
			return nil, err
		}
		f.size = byte(size)
	}
	return f, nil
}

// pack is a message that is being made: frames of one bus.
type pack struct {
	bus    string
	start  int64
	frames []byte
}

// takes tells whether a frame can be written in it: of the same bus, and not before its first one or too long after it.
func (p *pack) takes(f *frame) bool {
	return f.bus == p.bus && f.time >= p.start && f.time-p.start <= mostOffset
}

func (p *pack) add(f *frame) {
	p.frames = binary.LittleEndian.AppendUint32(p.frames, f.id)
	offset := uint32(f.time - p.start)
	p.frames = append(p.frames, f.size, byte(offset), byte(offset>>8), byte(offset>>16))
	p.frames = append(p.frames, f.data[:]...)
}

func (p *pack) count() int {
	return len(p.frames) / frameBytes
}

func (p *pack) message(subject string) *nats.Msg {
	message := nats.NewMsg(subject)
	message.Data = p.frames
	message.Header.Set("Can-Bus", p.bus)
	message.Header.Set("Can-Start", strconv.FormatInt(p.start, 10))
	hash := fnv.New64a()
	hash.Write(p.frames)
	message.Header.Set(jetstream.MsgIDHeader, fmt.Sprintf("%s-%d-%016x", p.bus, p.start, hash.Sum64()))
	return message
}
