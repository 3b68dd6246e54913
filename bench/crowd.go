package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// crowdVersion goes into the names of cached databases; it changes with what
// row returns.
const crowdVersion = 1

// crowd is a number of made-up people. Each is drawn from the own number alone,
// so that a small crowd is the beginning of a large one and anybody can be
// named without keeping all.
type crowd int

// someone is one of them, as a row that `signet user import` reads.
type someone struct {
	ID                string         `json:"id"`
	Username          string         `json:"username,omitempty"`
	PrimaryEmail      string         `json:"primaryEmail,omitempty"`
	PrimaryPhone      string         `json:"primaryPhone,omitempty"`
	Name              string         `json:"name"`
	Avatar            string         `json:"avatar,omitempty"`
	Profile           map[string]any `json:"profile"`
	CustomData        map[string]any `json:"customData"`
	PasswordDigest    string         `json:"passwordDigest"`
	PasswordAlgorithm string         `json:"passwordAlgorithm"`
	CreatedAt         int64          `json:"createdAt"`
	IsSuspended       bool           `json:"isSuspended"`
	Roles             []string       `json:"roles"`

	// organization is the number of the one that the person belongs to, -1 if
	// to none; the import knows nothing of it.
	organization int
}

// Roles that people hold, and how many do.
const (
	roleMost = "bench-customer" // six of ten
	roleSome = "bench-editor"   // one of twenty
	roleFew  = "bench-auditor"  // one of two thousand
	roleNew  = "bench-visitor"  // nobody yet
)

// Parts of names. The first are the most frequent; some need more than ASCII.
var (
	givenNames = strings.Fields(`Anna Maria Thomas Michael Peter Sabine Andreas Julia Stefan Laura Martin Claudia
		Daniel Sarah Christian Nicole Alexander Katharina Jan Lena Markus Petra Tobias Eva Florian Monika Sebastian
		Birgit Jürgen Karin Matthias Ursula Robin Renate Emma Noah Olivia Liam Sofia Mateo Chloé Lucas Inés Hugo
		Giulia Leonardo Zoë Émile Mehmet Ayşe Emre Zeynep Olga Иван Мария Nguyễn Wei 美咲 健太 Fatima Omar Priya
		Arjun Oluwaseun Chidi Amélie Björn Søren Łukasz Agnieszka Tomáš Željka Siobhán Niamh Xiomara Quentin`)
	familyNames = strings.Fields(`Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Koch
		Bauer Richter Klein Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Werner
		Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Wilson Anderson
		Taylor Moore Jackson Lee Thompson White Harris Clark Lewis Robinson Walker Young Rossi Russo Ferrari Bianchi
		Dubois Moreau Laurent Lefèvre Yılmaz Kaya Demir Иванов Смирнова Kowalski Nowak Novák Horvat O'Brien
		Nakamura 佐藤 Tanaka Kim Park Nguyen Singh Patel Okafor Adeyemi Haddad Silva Santos Jansen Visser Berg`)
	mailHosts = strings.Fields(`mail.example post.example inbox.example online.example web.example box.example`)
	places    = strings.Fields(`Berlin Hamburg München Köln Wien Zürich London Paris Madrid Roma Kraków İstanbul Osaka Toronto Austin Lagos`)
	locales   = strings.Fields(`de-DE en-US en-GB fr-FR es-ES it-IT pl-PL tr-TR ja-JP`)
)

// often picks one; the first come most often.
func often(r *rand.Rand, from []string) string {
	x := r.Float64()
	return from[int(x*x*float64(len(from)))]
}

// draw returns n characters of an alphabet.
func draw(r *rand.Rand, alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(b)
}

const (
	digits    = "0123456789"
	lowercase = "abcdefghijklmnopqrstuvwxyz"
	bcrypt64  = "./" + lowercase + "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + digits
)

// organizations is how many there are.
func (c crowd) organizations() int { return 10 + int(c)/5000 }

// row returns the person of a number from 0.
func (c crowd) row(i int) *someone {
	r := rand.New(rand.NewPCG(20_261, uint64(i)))
	given, family := often(r, givenNames), often(r, familyNames)
	place := often(r, places)
	p := &someone{
		ID: draw(r, digits+lowercase, 12), Name: given + " " + family,
		PasswordDigest: "$2a$10$" + draw(r, bcrypt64, 53), PasswordAlgorithm: "Bcrypt",
		CreatedAt: 1_600_000_000_000 + int64(i)*90_000 + r.Int64N(90_000), IsSuspended: r.IntN(100) == 0,
		Profile: map[string]any{"givenName": given, "familyName": family, "locale": often(r, locales)},
		CustomData: map[string]any{
			"plan": often(r, []string{"free", "team", "enterprise"}), "legacyId": 7_000_000 + i,
			"preferences": map[string]any{"theme": often(r, []string{"light", "dark"}), "newsletter": r.IntN(2) == 0, "tags": []string{draw(r, lowercase, 6), place}},
		},
		Roles: []string{}, organization: -1,
	}
	c.reach(r, i, p, ascii(given), ascii(family))
	if r.IntN(10) < 4 {
		p.Profile["address"] = map[string]any{"locality": place, "streetAddress": family + "weg " + draw(r, digits, 2), "postalCode": draw(r, digits, 5)}
	}
	if r.IntN(10) < 3 {
		p.Avatar = "https://cdn.example/avatars/" + p.ID + ".png"
	}
	c.belong(r, p)
	return p
}

// reach gives the person what they sign in with: nine of ten have an e-mail
// address, eight a username, three a phone number, everybody one of them. The
// number in them, last, keeps them apart.
func (c crowd) reach(r *rand.Rand, i int, p *someone, given, family string) {
	host := often(r, mailHosts)
	if r.IntN(2) == 0 {
		host = fmt.Sprintf("company%d.example", r.IntN(400))
	}
	hasEmail := r.IntN(10) < 9
	if hasEmail {
		p.PrimaryEmail = fmt.Sprintf("%s.%s%d@%s", given, family, i, host)
	}
	if !hasEmail || r.IntN(10) < 8 {
		p.Username = fmt.Sprintf("%s_%s%s%d", strings.ToLower(family), draw(r, lowercase, 3), strings.ToLower(given), i)
	}
	if r.IntN(10) < 3 {
		p.PrimaryPhone = fmt.Sprintf("49151%08d", i)
	}
}

func (c crowd) belong(r *rand.Rand, p *someone) {
	for _, role := range []struct {
		name string
		of   int
	}{{roleMost, 12_000}, {roleSome, 1_000}, {roleFew, 10}} {
		if r.IntN(20_000) < role.of {
			p.Roles = append(p.Roles, role.name)
		}
	}
	if x := r.Float64(); x < 0.2 {
		p.organization = int(25 * x * x * float64(c.organizations()))
	}
}

// ascii keeps what an address is written with.
func ascii(name string) string {
	kept := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, norm.NFD.String(name))
	if kept == "" {
		return "x"
	}
	return kept
}

// write writes the first of the people as lines of JSON.
func (c crowd) write(w io.Writer, count int) error {
	buffer := bufio.NewWriterSize(w, 1<<20)
	lines := json.NewEncoder(buffer)
	for i := range count {
		if err := lines.Encode(c.row(i)); err != nil {
			return err
		}
	}
	return buffer.Flush()
}
