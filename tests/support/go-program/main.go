// A program on a device as its author wrote it before there was leafline: it knows loopback, and its own subjects.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/nats-io/nats.go"
)

type result struct {
	Published bool   `json:"published"`
	Heard     string `json:"heard"`
	Stream    string `json:"stream"`
	Again     bool   `json:"again"`
	Answer    string `json:"answer"`
	Bucket    string `json:"bucket"`
	Watched   string `json:"watched"`
	Own       uint64 `json:"own"`
	Purge     string `json:"purge"`
}

func main() {
	done, err := run(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_ = json.NewEncoder(os.Stdout).Encode(done)
}

func run(url string) (*result, error) {
	nc, err := nats.Connect(url)
	if err != nil {
		return nil, err
	}
	defer nc.Close()
	done := &result{}

	heard, err := nc.SubscribeSync("vehicle.>")
	if err != nil {
		return nil, err
	}
	if err := nc.Publish("vehicle.sensor", []byte("core")); err != nil {
		return nil, err
	}
	if err := nc.FlushTimeout(10 * time.Second); err != nil {
		return nil, err
	}
	done.Published = true
	msg, err := heard.NextMsg(10 * time.Second)
	if err != nil {
		return nil, fmt.Errorf("its own message: %w", err)
	}
	done.Heard = string(msg.Data)

	js, err := nc.JetStream(nats.MaxWait(10 * time.Second))
	if err != nil {
		return nil, err
	}
	for i := 0; i < 2; i++ {
		ack, err := js.Publish("vehicle.sensor", []byte("stored"), nats.MsgId("one"))
		if err != nil {
			return nil, fmt.Errorf("an acknowledged message: %w", err)
		}
		done.Stream, done.Again = ack.Stream, ack.Duplicate
	}

	if _, err := nc.Subscribe("doors.state", func(m *nats.Msg) { _ = m.Respond([]byte("closed")) }); err != nil {
		return nil, err
	}
	reply, err := nc.Request("doors.state", nil, 10*time.Second)
	if err != nil {
		return nil, fmt.Errorf("a request: %w", err)
	}
	done.Answer = string(reply.Data)

	kv, err := js.CreateKeyValue(&nats.KeyValueConfig{Bucket: "settings", MaxBytes: 1 << 20})
	if err != nil {
		return nil, fmt.Errorf("a bucket: %w", err)
	}
	watcher, err := kv.WatchAll()
	if err != nil {
		return nil, fmt.Errorf("a watcher: %w", err)
	}
	if _, err := kv.PutString("speed", "80"); err != nil {
		return nil, err
	}
	entry, err := kv.Get("speed")
	if err != nil {
		return nil, err
	}
	done.Bucket = string(entry.Value())
	for deadline := time.After(10 * time.Second); done.Watched == ""; {
		select {
		case update := <-watcher.Updates():
			if update != nil {
				done.Watched = update.Key()
			}
		case <-deadline:
			return nil, fmt.Errorf("nothing watched")
		}
	}

	if _, err := js.AddStream(&nats.StreamConfig{Name: "TRIPS", Subjects: []string{"trips.>"}, MaxBytes: 1 << 20}); err != nil {
		return nil, fmt.Errorf("a stream of its own: %w", err)
	}
	if _, err := js.Publish("trips.one", []byte("x")); err != nil {
		return nil, err
	}
	pull, err := js.PullSubscribe("trips.>", "reader")
	if err != nil {
		return nil, fmt.Errorf("a consumer of its own: %w", err)
	}
	fetched, err := pull.Fetch(1, nats.MaxWait(10*time.Second))
	if err != nil {
		return nil, err
	}
	if err := fetched[0].AckSync(); err != nil {
		return nil, fmt.Errorf("an acknowledgement: %w", err)
	}
	meta, err := fetched[0].Metadata()
	if err != nil {
		return nil, err
	}
	done.Own = meta.Sequence.Stream

	// What is on its way to the hub is not its to take away.
	short, err := nc.JetStream(nats.MaxWait(2 * time.Second))
	if err != nil {
		return nil, err
	}
	done.Purge = "done"
	if err := short.PurgeStream(done.Stream); err != nil {
		done.Purge = "refused"
	}
	return done, nil
}
