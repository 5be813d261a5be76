// Reads configurations as nats-server does, by the server's own parser, and prints what it made of them: what leafline's
// own reader is held against. It takes a JSON list of texts and of paths of files on standard input, and answers with a
// list of trees and errors. Variables come from its environment, as the server's do.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/nats-io/nats-server/v2/conf"
)

type question struct {
	Text string `json:"text"`
	File string `json:"file"`
}

type answer struct {
	Tree  map[string]any `json:"tree,omitempty"`
	Error string         `json:"error,omitempty"`
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "--version" {
		fmt.Println("nats-conf " + parserVersion())
		return
	}
	var questions []question
	if err := json.NewDecoder(os.Stdin).Decode(&questions); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	answers := make([]answer, len(questions))
	for i, question := range questions {
		answers[i] = read(question)
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// With checks, as the server reads its file.
func read(asked question) (made answer) {
	defer func() {
		if reason := recover(); reason != nil {
			made = answer{Error: fmt.Sprintf("panic: %v", reason)}
		}
	}()
	var tree map[string]any
	var err error
	if asked.File != "" {
		tree, err = conf.ParseFileWithChecks(asked.File)
	} else {
		tree, err = conf.ParseWithChecks(asked.Text)
	}
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Tree: tree}
}

// Of the module that the parser came from, which is what the cache is keyed by.
func parserVersion() string {
	info, ok := debug.ReadBuildInfo()
	if ok {
		for _, module := range info.Deps {
			if module.Path == "github.com/nats-io/nats-server/v2" {
				return module.Version
			}
		}
	}
	return "unknown"
}
