package user

import (
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// NormalPhone returns a phone number as it is stored: country code and national
// number in digits, without the trunk zero that some write between them. It
// takes international numbers with or without a plus sign, and returns
// ErrInvalidPhone for what cannot be one.
func NormalPhone(phone string) (string, error) {
	number, err := parsePhone(phone)
	if err != nil {
		return "", ErrInvalidPhone.Wrap(err)
	}
	// E.164 keeps the zeros that belong to the number, as in Italy.
	return strings.TrimPrefix(phonenumbers.Format(number, phonenumbers.E164), "+"), nil
}

// PhoneKey returns the form in which phone numbers are compared: the digits of
// country code and national number without any zero between them, so that a
// number written with a trunk zero is the one written without. What is no
// international number is compared by its digits.
func PhoneKey(phone string) string {
	number, err := parsePhone(phone)
	if err != nil {
		return digits(phone)
	}
	return strconv.Itoa(int(number.GetCountryCode())) + strconv.FormatUint(number.GetNationalNumber(), 10)
}

func parsePhone(phone string) (*phonenumbers.PhoneNumber, error) {
	return phonenumbers.Parse("+"+digits(phone), "")
}

func digits(text string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text)
}
