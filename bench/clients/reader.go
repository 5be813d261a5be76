// Reads a stream of the hub, in one of the ways that clients have: fetch, push, ordered, get.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
)

func main() {
	read, err := run(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("read", read)
}

func run(way string) (int, error) {
	stream := os.Getenv("STREAM")
	count, _ := strconv.Atoi(os.Getenv("COUNT"))
	options := []nats.Option{nats.UserCredentials(os.Getenv("NATS_CREDS"))}
	if way == "fetch" {
		options = append(options, nats.CustomInboxPrefix(os.Getenv("INBOX")))
	}
	connection, err := nats.Connect(os.Getenv("NATS_URL"), options...)
	if err != nil {
		return 0, err
	}
	defer connection.Close()
	jetstream, err := connection.JetStream()
	if err != nil {
		return 0, err
	}
	read := 0
	see := func(message *nats.Msg) {
		if message.Header.Get("Nats-Stream-Source") != "" {
			read++
		}
	}
	if way == "fetch" {
		consumer := os.Getenv("CONSUMER")
		subscription, err := jetstream.PullSubscribe("", consumer, nats.Bind(stream, consumer))
		if err != nil {
			return 0, err
		}
		for read < count {
			messages, err := subscription.Fetch(25, nats.MaxWait(2*time.Second))
			if err != nil {
				return read, err
			}
			for _, message := range messages {
				see(message)
				if err := message.Ack(); err != nil {
					return read, err
				}
			}
		}
		return read, connection.Flush()
	}
	if way == "get" {
		for sequence := 1; sequence <= count; sequence++ {
			message, err := jetstream.GetMsg(stream, uint64(sequence))
			if err != nil {
				return read, err
			}
			if message.Header.Get("Nats-Stream-Source") != "" {
				read++
			}
		}
		return read, nil
	}
	bind := []nats.SubOpt{nats.BindStream(stream)}
	if way == "ordered" {
		bind = append(bind, nats.OrderedConsumer())
	}
	subscription, err := jetstream.SubscribeSync(">", bind...)
	if err != nil {
		return 0, err
	}
	for read < count {
		message, err := subscription.NextMsg(2 * time.Second)
		if err != nil {
			return read, err
		}
		see(message)
	}
	return read, nil
}
