// Command probe is all that the test's pods run. `probe pause` is the first process of a pod; `probe serve PORT`
// answers each TCP connection and each UDP packet with its own name and the address that it was asked from.
package main

import (
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == "serve" {
		name, _ := os.Hostname()
		go serveTCP(name, os.Args[2])
		go serveUDP(name, os.Args[2])
	}
	pause()
}

// pause waits for a signal to end, and takes the exit statuses of processes that nobody else waits for.
func pause() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGCHLD)
	for received := range signals {
		if received != syscall.SIGCHLD {
			os.Exit(0)
		}
		for pid := 1; pid > 0; {
			pid, _ = syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
		}
	}
}

func answer(name string, from net.Addr) []byte {
	host, _, _ := net.SplitHostPort(from.String())
	return []byte(fmt.Sprintf("%s %s\n", name, host))
}

func serveTCP(name, port string) {
	listener, err := net.Listen("tcp", ":"+port)
	fail(err)
	for {
		connection, err := listener.Accept()
		fail(err)
		go func() {
			defer connection.Close()
			connection.Write(answer(name, connection.RemoteAddr()))
		}()
	}
}

func serveUDP(name, port string) {
	socket, err := net.ListenPacket("udp", ":"+port)
	fail(err)
	buffer := make([]byte, 2048)
	for {
		_, from, err := socket.ReadFrom(buffer)
		fail(err)
		socket.WriteTo(answer(name, from), from)
	}
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
