// Packs the frames of a CAN bus, 100 to a message, and publishes them so that nothing is lost. Reads what candump prints into a log:
//
//	candump -L can0 | canpack nats://127.0.0.1:4222 vehicle.can
//
//	(1748256000.123456) can0 18FEF100#0102030405060708
//
// A message is published when it has 100 frames, or when its first one is a second old; README.md has its form. Its id is made
// of what it says: a log that is read a second time is stored once, as far back as the device's stream remembers ids (two
// minutes).
//
// One message is under way, and the frames of ten wait at most. While the class is full or the server away no more is read, and
// candump and the kernel keep what they can; what they drop, candump says.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"io"
	"log"
	"os"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

var (
	most = flag.Int("frames", 100, "frames in a message")
	age  = flag.Duration("age", time.Second, "how old the first frame of a message may be, at most 16s")
)

func main() {
	log.SetFlags(0)
	flag.Parse()
	if flag.NArg() != 2 || *most < 1 || *age <= 0 || *age > 16*time.Second {
		log.Fatal("usage: canpack [-frames 100] [-age 1s] URL SUBJECT < what candump -L prints")
	}
	nc, err := nats.Connect(flag.Arg(0), nats.MaxReconnects(-1), nats.ReconnectWait(250*time.Millisecond),
		nats.RetryOnFailedConnect(true), nats.ReconnectBufSize(-1))
	if err != nil {
		log.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		log.Fatal(err)
	}
	packs := make(chan *pack)
	go func() {
		defer close(packs)
		packFrames(readLines(os.Stdin), packs)
	}()
	messages, count := 0, 0
	for each := range packs {
		message := each.message(flag.Arg(1))
		if err := store(js, message); err != nil {
			log.Fatalf("%s is not stored: %v", message.Header.Get("Nats-Msg-Id"), err)
		}
		messages++
		count += each.count()
	}
	log.Printf("%d frames in %d messages are stored", count, messages)
}

// readLines has lines of a log ready, those of ten messages at most. It ends with the input.
func readLines(input io.Reader) <-chan string {
	lines := make(chan string, 10**most)
	go func() {
		defer close(lines)
		scanner := bufio.NewScanner(input)
		for scanner.Scan() {
			lines <- scanner.Text()
		}
		if err := scanner.Err(); err != nil {
			log.Fatal(err)
		}
	}()
	return lines
}

// packFrames makes messages of lines, and leaves out what is no frame.
func packFrames(lines <-chan string, packs chan<- *pack) {
	var current *pack
	due := time.NewTimer(*age)
	send := func() {
		if current != nil {
			packs <- current
		}
		current = nil
	}
	for {
		select {
		case line, more := <-lines:
			if !more {
				send()
				return
			}
			f, err := parse(line)
			if err != nil {
				log.Printf("left out, %v: %q", err, line)
				continue
			}
			if current != nil && !current.takes(f) {
				send()
			}
			if current == nil {
				current = &pack{bus: f.bus, start: f.time}
				due.Reset(*age)
			}
			if current.add(f); current.count() == *most {
				send()
			}
		case <-due.C:
			send()
		}
	}
}

// store returns when the stream has the message, as in examples/publishers/go.
func store(js jetstream.JetStream, message *nats.Msg) error {
	id := message.Header.Get(jetstream.MsgIDHeader)
	pause, said := 50*time.Millisecond, ""
	for {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		_, err := js.PublishMsg(ctx, message, jetstream.WithRetryAttempts(0))
		cancel()
		if err == nil {
			return nil
		}
		var refused *jetstream.APIError
		if errors.As(err, &refused) && refused.Code != 503 || errors.Is(err, nats.ErrMaxPayload) || errors.Is(err, nats.ErrBadSubject) {
			return err
		}
		if why := err.Error(); why != said {
			log.Printf("%s waits: %s", id, why)
			said = why
		}
		time.Sleep(pause)
		pause = min(2*pause, time.Second)
	}
}
