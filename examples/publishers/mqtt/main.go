// Publishes the lines of its standard input by MQTT, one message each, and says on its standard output which are stored:
//
//	some-sensor | publisher mqtt://127.0.0.1:1883 vehicle/speed trip-2026-11-26
//
// A line is done when leafline's bridge has acknowledged it, which it does when the device's stream has the message, and the
// next one waits for that: so they are stored in order, and what cannot be stored yet holds back whoever writes the lines.
package main

import (
	"bufio"
	"fmt"
	"log"
	"os"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 4 {
		log.Fatal("usage: publisher URL TOPIC RUN   (RUN names this input: it is the first part of what is said of each message)")
	}
	url, topic, run := os.Args[1], os.Args[2], os.Args[3]
	options := mqtt.NewClientOptions().AddBroker(url).
		SetClientID(run).
		SetCleanSession(false). // what was not acknowledged is said again on the next connection
		SetConnectRetry(true).  // also at the start
		SetConnectRetryInterval(250 * time.Millisecond).
		SetMaxReconnectInterval(time.Second).
		SetConnectionLostHandler(func(_ mqtt.Client, err error) { log.Printf("%s: %v", url, err) })
	client := mqtt.NewClient(options)
	client.Connect().Wait()

	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		id := fmt.Sprintf("%s-%d", run, n)
		store(client, topic, append([]byte(nil), lines.Bytes()...), id)
		fmt.Println(id)
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
	client.Disconnect(1000)
}

// store returns when the message is acknowledged. Before MQTT 5 a class that is full says nothing, and neither does a server
// that is away: the acknowledgement comes when there is room again.
func store(client mqtt.Client, topic string, payload []byte, id string) {
	token := client.Publish(topic, 1, false, payload)
	for waited := time.Duration(0); !token.WaitTimeout(2 * time.Second); waited += 2 * time.Second {
		if waited == 0 {
			log.Printf("%s waits: no acknowledgement", id)
		}
	}
	if err := token.Error(); err != nil {
		log.Fatalf("%s is not stored: %v", id, err)
	}
}
