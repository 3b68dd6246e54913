package browser

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// What people press, and what they write into.
var (
	pressable = []string{"button", "link", "menuitem", "DisclosureTriangle", "checkbox", "radio", "switch", "tab"}
	writable  = []string{"textbox", "searchbox", "combobox", "spinbutton"}
)

// reaction is how soon after a click a page is on its way to the next.
const reaction = 50 * time.Millisecond

// Click presses the button or link with this accessible name. Where several
// have it, about picks the one whose description or region says so: the Rename
// of the row "Blue key" is Click("Rename", "Blue key"). It returns when the page has loaded that the
// click led to, if it led to one.
func (p *Page) Click(name string, about ...string) {
	p.t.Helper()
	p.eventually(func() string {
		node, missing := p.find(pressable, name, about)
		if missing != "" {
			return missing
		}
		if err := p.press(node); err != nil {
			return fmt.Sprintf("%q cannot be clicked: %v", name, err)
		}
		time.Sleep(reaction)
		p.settle()
		return ""
	})
}

// Fill replaces the text of the field with this label.
func (p *Page) Fill(label, value string) {
	p.t.Helper()
	p.eventually(func() string {
		node, missing := p.find(writable, label, nil)
		if missing != "" {
			return missing
		}
		if err := p.write(node, value); err != nil {
			return fmt.Sprintf("%q cannot be filled: %v", label, err)
		}
		return ""
	})
}

// Choose puts the file at path into the field with this label.
func (p *Page) Choose(label, path string) {
	p.t.Helper()
	p.eventually(func() string {
		found, err := call(p, runtime.Evaluate, runtime.EvaluateParams{Expression: fmt.Sprintf(
			`[...document.querySelectorAll("label")].find((l) => l.textContent.trim() === %q)?.control`, label)})
		if err != nil || found.Result.ObjectID == "" {
			return fmt.Sprintf("there is no field %q (%v)", label, err)
		}
		err = do(p, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: []string{path}, ObjectID: found.Result.ObjectID})
		if err != nil {
			return fmt.Sprintf("%q takes no file: %v", label, err)
		}
		return ""
	})
}

// Value is the text of the field with this label.
func (p *Page) Value(label string) string {
	p.t.Helper()
	var value string
	p.eventually(func() string {
		node, missing := p.find(writable, label, nil)
		if missing == "" {
			value = text(node.Value)
		}
		return missing
	})
	return value
}

// Heading waits for a heading with these words: the way to say which page comes
// next.
func (p *Page) Heading(words string) {
	p.t.Helper()
	p.eventually(func() string {
		headings, err := eval[[]string](p, `[...document.querySelectorAll("h1,h2,h3,h4")].filter((h) => h.checkVisibility()).map((h) => h.innerText)`)
		if err != nil {
			return fmt.Sprintf("no page: %v", err)
		}
		for i, heading := range headings {
			headings[i] = strings.Join(strings.Fields(heading), " ")
		}
		if !slices.Contains(headings, words) {
			return fmt.Sprintf("no heading %q on the page, only %q", words, headings)
		}
		return ""
	})
}

// Sees waits until the page shows all the texts.
func (p *Page) Sees(texts ...string) {
	p.t.Helper()
	p.eventually(func() string {
		shown := p.Text()
		for _, want := range texts {
			if !strings.Contains(shown, want) {
				return fmt.Sprintf("the page does not say %q", want)
			}
		}
		return ""
	})
}

// Lacks waits until the page shows none of the texts.
func (p *Page) Lacks(texts ...string) {
	p.t.Helper()
	p.eventually(func() string {
		shown := p.Text()
		if shown == "" {
			return "the page says nothing"
		}
		for _, unwanted := range texts {
			if strings.Contains(shown, unwanted) {
				return fmt.Sprintf("the page says %q", unwanted)
			}
		}
		return ""
	})
}

// Offers tells whether a button or link with this name can be pressed now.
func (p *Page) Offers(name string, about ...string) bool {
	p.t.Helper()
	_, missing := p.find(pressable, name, about)
	return missing == ""
}

// Text is what the page shows now, with single spaces.
func (p *Page) Text() string {
	p.t.Helper()
	shown, err := eval[string](p, `document.body?.innerText ?? ""`)
	if err != nil {
		return "" // between two pages
	}
	return strings.Join(strings.Fields(shown), " ")
}

// Press sends one key to whatever has the focus: a character, or one of
// package chromedp/kb such as kb.Tab.
func (p *Page) Press(key string) {
	p.t.Helper()
	p.must(p.act(chromedp.KeyEvent(key)))
}

// Type writes into whatever has the focus, key by key.
func (p *Page) Type(words string) {
	p.t.Helper()
	p.must(p.act(chromedp.KeyEvent(words)))
}

// Focused is the accessible name of what has the focus, "" when nothing has.
func (p *Page) Focused() string {
	p.t.Helper()
	object, err := eval[*runtime.RemoteObject](p, `document.activeElement`)
	if err != nil || object == nil || object.ObjectID == "" {
		return ""
	}
	tree, err := call(p, accessibility.GetPartialAXTree, accessibility.GetPartialAXTreeParams{ObjectID: object.ObjectID})
	if err != nil || len(tree.Nodes) == 0 {
		return ""
	}
	return text(tree.Nodes[0].Name)
}

// FocusOn waits until the focus is on what has a name that begins with these words.
func (p *Page) FocusOn(words string) {
	p.t.Helper()
	p.eventually(func() string {
		if focused := p.Focused(); !strings.HasPrefix(focused, words) {
			return fmt.Sprintf("the focus is on %q, not on %q", focused, words)
		}
		return ""
	})
}

// find looks once for a visible node with one of the roles and this name.
func (p *Page) find(roles []string, name string, about []string) (*accessibility.Node, string) {
	p.settle()
	root, err := call(p, dom.GetDocument, dom.GetDocumentParams{})
	if err != nil {
		return nil, fmt.Sprintf("no page: %v", err)
	}
	found, err := call(p, accessibility.QueryAXTree, accessibility.QueryAXTreeParams{
		BackendNodeID: root.Root.BackendNodeID, AccessibleName: name,
	})
	if err != nil {
		return nil, fmt.Sprintf("no page: %v", err)
	}
	var candidates []*accessibility.Node
	for _, node := range found.Nodes {
		if node.Ignored || !slices.Contains(roles, text(node.Role)) {
			continue
		}
		if p.isAbout(node, about) {
			candidates = append(candidates, node)
		}
	}
	what := fmt.Sprintf("%s %q", roles[0], name)
	if len(about) > 0 {
		what += fmt.Sprintf(" about %q", about)
	}
	switch len(candidates) {
	case 0:
		return nil, "no " + what + " on the page"
	case 1:
		return candidates[0], ""
	}
	return nil, fmt.Sprintf("%d times %s on the page: say which", len(candidates), what)
}

// isAbout compares the description and the names of everything around a node.
func (p *Page) isAbout(node *accessibility.Node, about []string) bool {
	if len(about) == 0 {
		return true
	}
	told := text(node.Description)
	around, err := call(p, accessibility.GetAXNodeAndAncestors, accessibility.GetAXNodeAndAncestorsParams{
		BackendNodeID: node.BackendDOMNodeID,
	})
	if err == nil {
		for _, outer := range around.Nodes {
			if role := text(outer.Role); role != "RootWebArea" && outer.BackendDOMNodeID != node.BackendDOMNodeID {
				told += "\n" + text(outer.Name)
			}
		}
	}
	for _, want := range about {
		if !strings.Contains(told, want) {
			return false
		}
	}
	return true
}

// press clicks the middle of the node, where a finger would.
func (p *Page) press(node *accessibility.Node) error {
	id := node.BackendDOMNodeID
	if err := do(p, dom.ScrollIntoViewIfNeeded, dom.ScrollIntoViewIfNeededParams{BackendNodeID: id}); err != nil {
		return err
	}
	shape, err := call(p, dom.GetContentQuads, dom.GetContentQuadsParams{BackendNodeID: id})
	if err != nil {
		return err
	}
	if len(shape.Quads) == 0 || len(shape.Quads[0]) != 8 {
		return fmt.Errorf("it has no place on the page")
	}
	q := shape.Quads[0]
	x, y := (q[0]+q[2]+q[4]+q[6])/4, (q[1]+q[3]+q[5]+q[7])/4
	if covered, err := p.covered(id, x, y); err != nil || covered {
		return fmt.Errorf("something covers it (%v)", err)
	}
	return p.act(chromedp.MouseClickXY(x, y))
}

// covered tells whether a click at the point would reach something else.
func (p *Page) covered(id cdp.BackendNodeID, x, y float64) (bool, error) {
	node, err := call(p, dom.ResolveNode, dom.ResolveNodeParams{BackendNodeID: id})
	if err != nil {
		return false, err
	}
	reached, err := call(p, runtime.CallFunctionOn, runtime.CallFunctionOnParams{
		ObjectID:      node.Object.ObjectID,
		ReturnByValue: new(true),
		FunctionDeclaration: fmt.Sprintf(`function() {
			const hit = document.elementFromPoint(%f, %f);
			return Boolean(hit && (this.contains(hit) || hit.contains(this) || [...(this.labels ?? [])].some((l) => l.contains(hit))));
		}`, x, y),
	})
	if err != nil {
		return false, err
	}
	return string(reached.Result.Value) != "true", nil
}

func (p *Page) write(node *accessibility.Node, value string) error {
	if err := do(p, dom.Focus, dom.FocusParams{BackendNodeID: node.BackendDOMNodeID}); err != nil {
		return err
	}
	field, err := call(p, dom.ResolveNode, dom.ResolveNodeParams{BackendNodeID: node.BackendDOMNodeID})
	if err != nil {
		return err
	}
	err = do(p, runtime.CallFunctionOn, runtime.CallFunctionOnParams{
		ObjectID: field.Object.ObjectID, FunctionDeclaration: `function() { this.select(); }`,
	})
	if err != nil {
		return err
	}
	if value == "" {
		return p.act(chromedp.KeyEvent("\b"))
	}
	return do(p, input.InsertText, input.InsertTextParams{Text: value})
}

// text is the string inside a value of the accessibility tree.
func text(v *accessibility.Value) string {
	if v == nil {
		return ""
	}
	var s string
	if json.Unmarshal([]byte(v.Value), &s) != nil {
		return ""
	}
	return strings.Join(strings.Fields(s), " ")
}
