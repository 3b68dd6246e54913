package signinexp

import (
	"strings"

	"signet/internal/platform/i18n"
)

// Language chooses the built-in language for a reader: asked, a list of tags
// separated by spaces or commas, wins; then what the browser prefers if the
// tenant detects that; then the tenant's fallback.
func (s *Settings) Language(asked string, preferred []string) string {
	wanted := strings.FieldsFunc(asked, func(r rune) bool { return r == ' ' || r == ',' })
	if s.LanguageInfo.AutoDetect {
		wanted = append(wanted, preferred...)
	}
	return i18n.MatchOr(s.LanguageInfo.FallbackLanguage, wanted...)
}
