// SPDX-License-Identifier: Apache-2.0

// A thousand streams at once, and the agent's own code that keeps them waiting. streams HOST:PORT BACKEND_PORT CERT KEY CA; for each
// binding a line `BINDING opened N ended N` once all were open together and all have seen their task's end.
package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	pb "github.com/a2aproject/a2a-go/v2/a2apb/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

const (
	connections    = 10 // as many handshakes; a connection may have 100 streams
	perConnection  = 100
	completed      = "TASK_STATE_COMPLETED"
	patience       = 120 * time.Second
	messageOfTasks = `{"message":{"messageId":"m","role":"ROLE_USER","parts":[{"text":"wait"}]}}`
)

// What all streams of one binding share.
type gathering struct {
	opened, ended atomic.Int64
	allOpen       sync.WaitGroup
	release       chan struct{}
}

var now atomic.Pointer[gathering] // whose turn it is

// The agent's own code: says that it works, and goes on saying nothing until all streams are open.
func serveBackend(port string) {
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	good(err)
	go http.Serve(listener, http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		io.Copy(io.Discard, request.Body)
		answer.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(answer, "event: status\ndata: {\"message\":\"busy\"}\n\n")
		answer.(http.Flusher).Flush()
		<-now.Load().release
		fmt.Fprint(answer, "event: result\ndata: {\"answer\":1}\n\n")
	}))
}

// A stream's next event: its text, "" at the end.
type stream func() (string, error)

func follow(all *gathering, open func() (stream, error)) {
	next, err := open()
	good(err)
	event, err := next()
	good(err)
	if event == "" {
		good(errors.New("a stream ended before it began"))
	}
	all.opened.Add(1)
	all.allOpen.Done()
	for last := event; ; last = event {
		if event, err = next(); err != nil || event == "" {
			good(err)
			if strings.Contains(last, completed) {
				all.ended.Add(1)
			}
			return
		}
	}
}

func gather(binding string, open func(connection int) (stream, error)) {
	all := &gathering{release: make(chan struct{})}
	now.Store(all)
	all.allOpen.Add(connections * perConnection)
	var finished sync.WaitGroup
	for connection := range connections {
		for range perConnection {
			finished.Add(1)
			go func() {
				defer finished.Done()
				follow(all, func() (stream, error) { return open(connection) })
			}()
		}
	}
	all.allOpen.Wait() // every one has had its first event, none its last
	together := all.opened.Load() - all.ended.Load()
	close(all.release)
	finished.Wait()
	fmt.Printf("%s opened %d ended %d\n", binding, together, all.ended.Load())
}

func sse(client *http.Client, url, body string) (stream, error) {
	request, err := http.NewRequest("POST", url, bytes.NewBufferString(body))
	good(err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/event-stream")
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK || !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/event-stream") {
		words, _ := io.ReadAll(answer.Body)
		return nil, fmt.Errorf("%s: %s", answer.Status, words)
	}
	lines := bufio.NewScanner(answer.Body)
	return func() (string, error) {
		for lines.Scan() {
			if data, is := strings.CutPrefix(lines.Text(), "data:"); is {
				if !json.Valid([]byte(data)) {
					return "", fmt.Errorf("no JSON: %s", data)
				}
				return data, nil
			}
		}
		return "", lines.Err()
	}, nil
}

func webClients(config *tls.Config, target string) (out []*http.Client) {
	for range connections {
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true, MaxConnsPerHost: 1}}
		answer, err := client.Get("https://" + target + "/.well-known/agent-card.json") // the handshake, before the rush
		good(err)
		io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		if answer.ProtoMajor != 2 {
			good(errors.New("no HTTP/2"))
		}
		out = append(out, client)
	}
	return out
}

func grpcClients(config *tls.Config, target string) (out []pb.A2AServiceClient) {
	for range connections {
		connection, err := grpc.NewClient(target, grpc.WithTransportCredentials(credentials.NewTLS(config)))
		good(err)
		client := pb.NewA2AServiceClient(connection)
		_, err = client.ListTasks(context.Background(), &pb.ListTasksRequest{})
		good(err)
		out = append(out, client)
	}
	return out
}

func main() {
	target := os.Args[1]
	config := secured(os.Args[3], os.Args[4], os.Args[5])
	serveBackend(os.Args[2])
	time.AfterFunc(patience, func() {
		all := now.Load()
		fmt.Fprintln(os.Stderr, "not in time; opened", all.opened.Load(), "ended", all.ended.Load())
		os.Exit(1)
	})

	web := webClients(config, target)
	rpc := `{"jsonrpc":"2.0","id":1,"method":"SendStreamingMessage","params":` + messageOfTasks + `}`
	gather("jsonrpc", func(i int) (stream, error) { return sse(web[i], "https://"+target+"/rpc", rpc) })
	gather("rest", func(i int) (stream, error) { return sse(web[i], "https://"+target+"/message:stream", messageOfTasks) })
	direct := grpcClients(config, target)
	gather("grpc", func(i int) (stream, error) {
		part := &pb.Part{Content: &pb.Part_Text{Text: "wait"}}
		call, err := direct[i].SendStreamingMessage(context.Background(),
			&pb.SendMessageRequest{Message: &pb.Message{MessageId: "m", Role: pb.Role_ROLE_USER, Parts: []*pb.Part{part}}})
		return func() (string, error) {
			event, err := call.Recv()
			if errors.Is(err, io.EOF) {
				return "", nil
			}
			return event.String(), err
		}, err
	})
}
