// A test guest in Go: a wasi:http handler that tells the request's path. It names the functions of WASI itself, as the
// canonical ABI has them; each result is written where the last argument points.
package main

import (
	"bytes"
	"fmt"
	"unsafe"
)

//go:wasmimport wasi:http/types@0.2.12 [method]incoming-request.path-with-query
func pathWithQuery(request int32, result unsafe.Pointer)

//go:wasmimport wasi:http/types@0.2.12 [resource-drop]incoming-request
func dropRequest(request int32)

//go:wasmimport wasi:http/types@0.2.12 [constructor]fields
func newFields() int32

//go:wasmimport wasi:http/types@0.2.12 [constructor]outgoing-response
func newResponse(headers int32) int32

//go:wasmimport wasi:http/types@0.2.12 [method]outgoing-response.body
func responseBody(response int32, result unsafe.Pointer)

//go:wasmimport wasi:http/types@0.2.12 [static]response-outparam.set
func setResponse(out, isErr, response, _ int32, _ int64, _, _, _, _ int32)

//go:wasmimport wasi:http/types@0.2.12 [method]outgoing-body.write
func bodySink(body int32, result unsafe.Pointer)

//go:wasmimport wasi:http/types@0.2.12 [static]outgoing-body.finish
func finish(body, hasTrailers, trailers int32, result unsafe.Pointer)

//go:wasmimport wasi:io/streams@0.2.12 [method]output-stream.blocking-write-and-flush
func writeAll(sink int32, bytes unsafe.Pointer, length uint32, result unsafe.Pointer)

//go:wasmimport wasi:io/streams@0.2.12 [resource-drop]output-stream
func dropSink(sink int32)

// What the host gave, which nothing else holds.
var given [][]byte

// For what the host gives that has no fixed size. Under the name cabi_realloc the adapter of WASI 0.1 would call it too, before
// Go's runtime has begun.
//
//go:wasmexport cabi_import_realloc
func allocate(_ unsafe.Pointer, _, _, size uint32) unsafe.Pointer {
	block := make([]byte, size)
	given = append(given, block)
	return unsafe.Pointer(unsafe.SliceData(block))
}

//go:wasmexport wasi:http/incoming-handler@0.2.12#handle
func handle(request, out int32) {
	// An option of a string: whether there is one, where it is, its length.
	var path [3]uint32
	pathWithQuery(request, unsafe.Pointer(&path))
	answer := fmt.Appendf(nil, "Go %s\n", bytes.Join(given, nil))
	given = nil
	dropRequest(request)

	response := newResponse(newFields())
	body := handleOf(responseBody, response)
	setResponse(out, 0, response, 0, 0, 0, 0, 0, 0)
	sink := handleOf(bodySink, body)
	var result [8]uint64
	writeAll(sink, unsafe.Pointer(unsafe.SliceData(answer)), uint32(len(answer)), unsafe.Pointer(&result))
	dropSink(sink)
	finish(body, 0, 0, unsafe.Pointer(&result))
}

func handleOf(call func(int32, unsafe.Pointer), of int32) int32 {
	var result struct{ isErr, handle int32 }
	call(of, unsafe.Pointer(&result))
	if result.isErr&1 == 1 {
		panic("refused")
	}
	return result.handle
}

func main() {}
