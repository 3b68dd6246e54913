package db

import "strings"

type verdict struct{ writes bool }

func vet(query string) (verdict, error) { return verdict{writes: writes(query)}, nil }

func writes(query string) bool {
	word, _, _ := strings.Cut(strings.TrimSpace(query), " ")
	switch strings.ToUpper(word) {
	case "SELECT", "VALUES", "PRAGMA", "WITH":
		return false
	}
	return true
}
