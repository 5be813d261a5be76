// Publishes the lines of its standard input, one message each, and says on its standard output which are stored:
//
//	some-sensor | publisher nats://127.0.0.1:4222 vehicle.speed trip-2026-11-26
//
// A line is done when the device's stream has acknowledged it, and the next one waits for that: so they are stored in order,
// and what cannot be stored yet holds back whoever writes the lines.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 4 {
		log.Fatal("usage: publisher URL SUBJECT RUN   (RUN names this input: it is the first part of each message's id)")
	}
	url, subject, run := os.Args[1], os.Args[2], os.Args[3]
	nc, err := nats.Connect(url,
		nats.MaxReconnects(-1), // the device's server may be away for as long as it likes
		nats.ReconnectWait(250*time.Millisecond),
		nats.RetryOnFailedConnect(true), // also at the start
		nats.ReconnectBufSize(-1),       // what cannot be sent is kept here, and not in the library as well
	)
	if err != nil {
		log.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		log.Fatal(err)
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		id := fmt.Sprintf("%s-%d", run, n)
		if err := store(js, subject, lines.Bytes(), id); err != nil {
			log.Fatalf("%s is not stored: %v", id, err)
		}
		fmt.Println(id)
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
}

// store returns when the stream has the message. The id makes it harmless to say it again when an acknowledgement was lost.
func store(js jetstream.JetStream, subject string, payload []byte, id string) error {
	pause, said := 50*time.Millisecond, ""
	for {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		_, err := js.Publish(ctx, subject, payload, jetstream.WithMsgID(id), jetstream.WithRetryAttempts(0))
		cancel()
		if err == nil {
			return nil
		}
		if isWrong(err) {
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

// isWrong tells what is wrong with the message itself, and stays so, from a server that is away and a stream that is full
// (503, 10077), which have room again when the hub has taken what is there.
func isWrong(err error) bool {
	var refused *jetstream.APIError
	if errors.As(err, &refused) {
		return refused.Code != 503
	}
	return errors.Is(err, nats.ErrMaxPayload) || errors.Is(err, nats.ErrBadSubject)
}
