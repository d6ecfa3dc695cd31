// A test guest in Go: arguments, environment, clock, random, goroutines, output, exit; and what it may not do.
package main

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"path/filepath"
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
	if len(args) == 2 && args[0] == "memory" {
		useMemory(args[1])
		return
	}
	if len(args) == 2 && args[0] == "files" {
		useFiles(args[1])
		return
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

// useMemory fills more memory than Go has when it begins, and lists the folder at.
func useMemory(at string) {
	blocks := make([][]byte, 32)
	for i := range blocks {
		blocks[i] = bytes.Repeat([]byte{0xee}, 1<<20)
	}
	list, err := os.ReadDir(at)
	fmt.Println("list", len(list), err, len(blocks))
	fmt.Fprintln(os.Stderr, "to stderr")
}

// useFiles does with files what programs do, below the folder at; each line says what came of it.
func useFiles(at string) {
	path := filepath.Join(at, "go.txt")
	fmt.Println("write", os.WriteFile(path, []byte("hello\n"), 0o666))
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = file.WriteString("world\n")
		file.Close()
	}
	fmt.Println("append", err)
	text, err := os.ReadFile(path)
	fmt.Printf("read %q %v\n", text, err)
	sub := filepath.Join(at, "sub")
	fmt.Println("mkdir", os.Mkdir(sub, 0o777))
	moved := filepath.Join(sub, "moved.txt")
	fmt.Println("rename", os.Rename(path, moved))
	link := filepath.Join(at, "link")
	fmt.Println("symlink", os.Symlink("sub/moved.txt", link))
	target, err := os.Readlink(link)
	fmt.Println("readlink", target, err)
	_, err = os.ReadFile(at + "/../etc/passwd")
	fmt.Println("out", err != nil)
	facts, err := os.Stat(link)
	if err == nil {
		fmt.Println("stat", facts.Size(), facts.Mode().IsRegular())
	}
	fmt.Println("remove", os.Remove(moved), os.Remove(sub), os.Remove(link))
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
