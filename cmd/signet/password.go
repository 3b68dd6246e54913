package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"signet/internal/platform/crypt"
	"signet/internal/platform/ids"
	"signet/internal/user"
)

// passwordInput says where a password comes from: never from the command line,
// which other people on the machine can read.
type passwordInput struct {
	PasswordStdin bool `help:"Read the password from standard input; without it one is made up and printed."`
}

// read returns the password that was given, "" if one is to be made up.
func (p passwordInput) read() (string, error) {
	if !p.PasswordStdin {
		return "", nil
	}
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("no password on standard input: %w", err)
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", errors.New("no password on standard input")
	}
	return line, nil
}

// newPassword is the hash of a password and, if it was made up, the password.
type newPassword struct{ hash, madeUp string }

// in adds a password that was made up to what is printed.
func (p *newPassword) in(a *userAnswer) *userAnswer {
	a.Password = p.madeUp
	return a
}

// text shows a password that was made up.
func (p *newPassword) text() string {
	if p.madeUp == "" {
		return ""
	}
	return "\nPassword, shown only now: " + p.madeUp
}

// choose hashes the password that was given, which the policy must accept, or
// one that is made up.
func choose(ctx context.Context, policy user.PasswordPolicy, given string, info user.UserInfo) (*newPassword, error) {
	password, chosen := given, &newPassword{}
	if password == "" {
		var err error
		if password, err = madeUp(ctx, policy, info); err != nil {
			return nil, err
		}
		chosen.madeUp = password
	} else if err := policy.Require(ctx, password, info, nil); err != nil {
		return nil, err
	}
	var err error
	chosen.hash, err = crypt.NewHasher(crypt.HasherOptions{}).Hash(ctx, password)
	return chosen, err
}

// A password that is made up has usual characters unless the policy wants more
// or fewer. It takes a few draws at most, unless nothing meets the policy.
const (
	usual = 20
	draws = 1000
)

// madeUp draws a password that the policy accepts.
func madeUp(ctx context.Context, policy user.PasswordPolicy, info user.UserInfo) (password string, err error) {
	n := max(usual, policy.MinLength())
	if policy.Length != nil && policy.Length.Max != nil {
		n = min(n, *policy.Length.Max)
	}
	for range draws {
		password = ""
		for len(password) < n {
			password += ids.Secret()
		}
		// A policy may want a symbol, too.
		password = password[:n-1] + "-"
		if err = policy.Require(ctx, password, info, nil); err == nil {
			return password, nil
		}
	}
	return "", err
}
