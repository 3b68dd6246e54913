// Package bounded is a map in memory that holds so many entries and no more: what
// is used least makes way. It knows nothing about when a value is out of date.
//
// It hides the types of the library that does the work. Those are generic, and
// whoever could see them would compile their thousand functions once more.
package bounded

import "github.com/maypok86/otter/v2"

// Map holds at most so many values. It is safe for concurrent use.
type Map[K comparable, V any] struct {
	entries *entries
}

// New returns an empty map for at most size values.
func New[K comparable, V any](size int) *Map[K, V] { return &Map[K, V]{newEntries(size)} }

// Get returns the value of a key, if the map still has one.
func (m *Map[K, V]) Get(key K) (value V, ok bool) {
	found, ok := m.entries.get(key)
	if ok {
		value = found.(V)
	}
	return value, ok
}

// Set gives a key a value.
func (m *Map[K, V]) Set(key K, value V) { m.entries.set(key, value) }

// GetOrMake returns the value of a key, which is made if the map has none: once,
// however many ask.
func (m *Map[K, V]) GetOrMake(key K, value func() V) V {
	return m.entries.getOrMake(key, func() any { return value() }).(V)
}

// entries are a Map without its types. Its functions stay out of line: in another
// package they would bring the library's types with them.
type entries struct {
	stored any // an *otter.Cache[any, any]
}

//go:noinline
func newEntries(size int) *entries {
	return &entries{otter.Must(&otter.Options[any, any]{MaximumSize: size})}
}

//go:noinline
func (e *entries) get(key any) (any, bool) {
	return e.stored.(*otter.Cache[any, any]).GetIfPresent(key)
}

//go:noinline
func (e *entries) set(key, value any) { e.stored.(*otter.Cache[any, any]).Set(key, value) }

//go:noinline
func (e *entries) getOrMake(key any, value func() any) any {
	found, _ := e.stored.(*otter.Cache[any, any]).ComputeIfAbsent(key, func() (any, bool) { return value(), false })
	return found
}
