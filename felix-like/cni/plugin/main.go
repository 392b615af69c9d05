// The CNI plugin `manul`: hands what the runtime asks for to the agent of this node, over its unix socket, and
// prints what the agent answers. It knows nothing of networks, so that an update of the agent needs no new one.
//
// The runtime counts an ADD as done when this program ends with status 0. So that agent and runtime never
// disagree about it, whoever is killed when: the agent answers, the plugin says that it has the answer, the agent
// keeps the attachment and says so, and only then is the result printed. Without one of these steps the ADD has
// failed for both.
//
// Nothing but the standard library, no cgo: a static executable for any Linux of the architecture.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"
)

const (
	defaultSocket = "/run/manul/cni.sock"
	protocol      = 1
	maxConfig     = 1 << 20
	// The agent needs milliseconds; a runtime waits for minutes.
	answerTimeout = 45 * time.Second
)

// Error codes of the CNI specification, section 5 "Error".
const (
	codeIO           = 5
	codeDecode       = 6
	codeTryAgain     = 11
	codeNotAvailable = 50
)

var supportedVersions = []string{"0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"}

// What of the network configuration concerns the plugin itself.
type config struct {
	CNIVersion string `json:"cniVersion"`
	Socket     string `json:"socket"`
}

type request struct {
	Protocol    int    `json:"protocol"`
	Command     string `json:"command"`
	ContainerID string `json:"containerId"`
	Netns       string `json:"netns"`
	IfName      string `json:"ifName"`
	Args        string `json:"args"`
	Path        string `json:"path"`
	Config      string `json:"config"`
}

type answer struct {
	// Exit status, and what belongs on standard output: a result, an error, or nothing.
	Status int    `json:"status"`
	Output string `json:"output"`
	// The agent waits for word that the answer has arrived.
	Confirm bool `json:"confirm"`
}

type failure struct {
	CNIVersion string `json:"cniVersion"`
	Code       int    `json:"code"`
	Msg        string `json:"msg"`
	Details    string `json:"details,omitempty"`
}

func main() {
	command := os.Getenv("CNI_COMMAND")
	if command == "" {
		fmt.Fprintln(os.Stderr, "manul: a CNI plugin, called by container runtimes; it needs CNI_COMMAND and a configuration on standard input")
		os.Exit(2)
	}
	text, err := io.ReadAll(io.LimitReader(os.Stdin, maxConfig))
	if err != nil {
		fail("", codeIO, "the network configuration cannot be read from standard input", err)
	}
	var conf config
	if err := json.Unmarshal(text, &conf); err != nil {
		fail("", codeDecode, "the network configuration is not JSON", err)
	}
	if command == "VERSION" {
		printVersions(conf.CNIVersion)
		return
	}
	if conf.Socket == "" {
		conf.Socket = defaultSocket
	}
	reply, finish, err := ask(conf.Socket, request{
		Protocol:    protocol,
		Command:     command,
		ContainerID: os.Getenv("CNI_CONTAINERID"),
		Netns:       os.Getenv("CNI_NETNS"),
		IfName:      os.Getenv("CNI_IFNAME"),
		Args:        os.Getenv("CNI_ARGS"),
		Path:        os.Getenv("CNI_PATH"),
		Config:      string(text),
	})
	if err != nil {
		code := codeTryAgain
		if command == "STATUS" {
			code = codeNotAvailable
		}
		fail(conf.CNIVersion, code, "the agent of this node does not answer at "+conf.Socket, err)
	}
	if _, err := os.Stdout.WriteString(reply.Output); err != nil {
		os.Exit(1)
	}
	finish()
	os.Exit(reply.Status)
}

// ask returns the agent's answer, and the function that tells the agent that it has been printed.
func ask(path string, asked request) (answer, func(), error) {
	var reply answer
	connection, err := dial(path)
	if err != nil {
		return reply, nil, err
	}
	message, err := json.Marshal(asked)
	if err != nil {
		return reply, nil, err
	}
	if _, err := connection.Write(append(message, '\n')); err != nil {
		return reply, nil, err
	}
	reader := bufio.NewReader(connection)
	line, err := reader.ReadBytes('\n')
	if err != nil {
		return reply, nil, explain(err)
	}
	if err := json.Unmarshal(line, &reply); err != nil {
		return reply, nil, err
	}
	if !reply.Confirm {
		return reply, func() {}, nil
	}
	if _, err := connection.WriteString("taken\n"); err != nil {
		return reply, nil, err
	}
	if word, err := reader.ReadString('\n'); err != nil || word != "kept\n" {
		return reply, nil, explain(err)
	}
	return reply, func() { connection.WriteString("printed\n") }, nil
}

// dial connects without the net package, which would make this three times as large. The file is a blocking one:
// the timeouts are those of the socket.
func dial(path string) (*os.File, error) {
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	timeout := syscall.NsecToTimeval(int64(answerTimeout))
	for _, option := range []int{syscall.SO_RCVTIMEO, syscall.SO_SNDTIMEO} {
		if err := syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, option, &timeout); err != nil {
			return nil, err
		}
	}
	if err := syscall.Connect(fd, &syscall.SockaddrUnix{Name: path}); err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), path), nil
}

func explain(err error) error {
	switch {
	case err == nil:
		return errors.New("the agent has not kept the attachment")
	case errors.Is(err, syscall.EAGAIN):
		return fmt.Errorf("no answer within %s", answerTimeout)
	case errors.Is(err, io.EOF):
		return errors.New("the agent has ended the connection")
	}
	return err
}

func printVersions(version string) {
	if version == "" {
		version = supportedVersions[len(supportedVersions)-1]
	}
	print(map[string]any{"cniVersion": version, "supportedVersions": supportedVersions})
}

func fail(version string, code int, msg string, err error) {
	if version == "" {
		version = supportedVersions[len(supportedVersions)-1]
	}
	print(failure{version, code, msg, err.Error()})
	os.Exit(1)
}

func print(value any) {
	text, _ := json.Marshal(value) // strings and numbers: it cannot fail
	os.Stdout.Write(append(text, '\n'))
}
