// A test guest in Go: arguments, environment, clock, random, goroutines, output, exit; and what it may not do.
package main

import (
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"
)

func main() {
	args := os.Args[1:]
	if len(args) == 2 && args[0] == "exit" {
		code, _ := strconv.Atoi(args[1])
		os.Exit(code)
	}
	if len(args) == 1 && args[0] == "panic" {
		panic("as asked")
	}
	fmt.Println("args", args)
	fmt.Println("NAME", os.Getenv("NAME"))
	before := time.Now()
	time.Sleep(20 * time.Millisecond)
	fmt.Println("slept", time.Since(before) >= 20*time.Millisecond)
	fmt.Println("after 2020", before.Year() > 2020)
	fmt.Println("random differs", rand.Text() != rand.Text())
	fmt.Println("sum", sum(100, 1000))
	_, err := os.ReadFile("/etc/hostname")
	fmt.Println("file", err != nil)
	_, err = net.Dial("tcp", "127.0.0.1:7777")
	fmt.Println("dial", err != nil)
	fmt.Fprintln(os.Stderr, "to stderr")
}

// sum adds 1 to count in parts, each in a goroutine.
func sum(parts int, size int) int {
	sums := make(chan int)
	for part := range parts {
		go func() {
			total := 0
			for number := range size {
				total += part*size + number + 1
			}
			sums <- total
		}()
	}
	total := 0
	for range parts {
		total += <-sums
	}
	return total
}
