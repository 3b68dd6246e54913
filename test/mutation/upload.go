package main

// Tests of what may be uploaded, and how it is served.
const (
	limitTest    = "TestFile_HasALimitAndIsNotHeldInMemory"
	partTest     = "TestFile_IsReadFromItsPart"
	typeTest     = "TestUpload_Refuses/sqlite"
	svgTest      = "TestSVG_RefusesWhatCouldAct"
	servedTest   = "TestUpload_IsServedAsWhatItIs/sqlite"
	bundleTest   = "TestBundle_RefusesWhatIsUnsafe/sqlite"
	apartTest    = "TestInterface_IsRefusedWhereItCouldReachOperators/sqlite"
	pictureTest  = "TestAvatar_RefusesWhatIsNoPicture/sqlite"
	pageFormTest = "TestAvatar_SaysWhatIsWrongAndChangesNothing/sqlite"
)

// uploads are the checks between a stranger's file and everybody's browser.
var uploads = []target{
	{file: "internal/platform/web/file.go", mutants: []mutant{
		{"size", swap("f.left -= int64(n); f.left < 0", "f.left -= int64(n); false"), limitTest},
		{"announced size", never("r.ContentLength > MaxUpload"), limitTest},
		{"what stands before the file", drop("\tp.left -= int64(n)\n"), partTest},
		{"number of fields", swap("for range maxFields {", "for {"), partTest},
		{"length of the boundary", drop(" && len(boundary) <= 70"), partTest},
	}},
	{file: "internal/asset/format.go", tests: "internal/asset/assetapi", mutants: []mutant{
		{"the file is what it claims", swap("f == nil || !f.begins(head)", "f == nil"), typeTest},
		{"an SVG is looked through", never("!f.inspect(file)"), typeTest},
		{"an SVG is small", never("size > maxInspected"), typeTest},
	}},
	{file: "internal/asset/format.go", tests: "internal/account/accountapi", mutants: []mutant{
		{"a picture's end", swap("string(tail) == mark", "len(tail) > 0"), pictureTest},
		{"a picture has an end", swap("f.end != nil && f.begins(head) {", "f.begins(head) {\n\t\t\t\tif f.end == nil {\n\t\t\t\t\treturn f, size, nil\n\t\t\t\t}"), pictureTest},
	}},
	{file: "internal/asset/accept.go", mutants: []mutant{
		{"nothing is kept behind a JPEG", swap("draft.cut(kept)", "draft.cut(min(draft.size, kept+draft.size))"), "TestJPEG_KeepsThePictureAlone/sqlite"},
	}},
	{file: "internal/asset/jpeg.go", mutants: []mutant{
		{"a segment has a length", never("length < 2"), "TestJPEG_End"},
		{"a picture has pixels", swap("jpegEnd && !hasPixels:", "jpegEnd && !hasPixels && false:"), "TestJPEG_End"},
	}},
	{file: "internal/asset/svg.go", mutants: []mutant{
		{"root", never(`!seen && (t.Name.Local != "svg" || t.Name.Space != "http://www.w3.org/2000/svg")`), svgTest},
		{"elements", drop(" || !isHarmlessElement(t)"), svgTest},
		{"depth", drop("depth > maxSVGDepth || "), svgTest},
		{"scripts", drop(`"script", `), svgTest},
		{"foreign markup", drop(`"foreignobject", `), svgTest},
		{"handlers", never(`strings.HasPrefix(strings.ToLower(a.Name.Local), "on")`), svgTest},
		{"links", never(`strings.EqualFold(a.Name.Local, "href") && !isHarmlessLink(a.Value)`), svgTest},
		{"links that change", swap(`case "set", "animate":`, `case "none":`), svgTest},
		{"spaces in links", swap("unicode.IsSpace(r) || unicode.IsControl(r)", "false && unicode.IsSpace(r)"), svgTest},
		{"pages in links", drop(` && !strings.HasPrefix(rest, "image/svg")`), svgTest},
		{"document types", drop(`strings.ContainsAny(string(t), "[<") || `), svgTest},
		{"declarations", drop(` || !strings.HasPrefix(strings.ToUpper(string(t)), "DOCTYPE")`), svgTest},
		{"stylesheets", never(`t.Target != "xml"`), svgTest},
	}},
	{file: "internal/asset/assetapi/assets.go", mutants: []mutant{
		{"no page, no script", drop(`	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")` + "\n"), servedTest},
		{"downloads", never("!stored.Inline()"), servedTest},
		{"type", swap(`h.Set("Content-Type", stored.ContentType)`, `h.Set("Content-Type", "text/html")`), servedTest},
	}},
	{file: "internal/asset/store.go", mutants: []mutant{
		{"too late to keep", drop(" AND pending_until > $4"), "TestPurge_TakesWhatNobodyKept/sqlite"},
		{"what may wait", never("err == nil && n >= MaxPending"), "TestAccept_BoundsWhatIsPending/sqlite"},
		{"pictures of a person", never("old.isAt(inUse)"), "TestAccept_BoundsThePicturesOfAPerson/sqlite"},
	}},
	{file: "internal/asset/bundle.go", mutants: []mutant{
		{"table of contents", never("p.left < 0"), "TestBundle_ReadsAShortTableOfContents"},
		{"number of entries", never("len(r.File) > maxEntries"), bundleTest},
		{"an index", never("!ok || isDir"), bundleTest},
		{"size", never("u.left < 0 || n > web.MaxFile"), bundleTest},
		{"damage", never("content.err != nil"), bundleTest},
		{"paths", drop(`!fs.ValidPath(name) || `), bundleTest},
		{"long names", drop(` || len(name) > maxName`), bundleTest},
		{"strange names", swap(`unicode.IsControl(r) || r == '\\' || r == utf8.RuneError`, "false && unicode.IsControl(r)"), bundleTest},
		{"links and devices", drop(` || !isDir && !entry.Mode().IsRegular()`), bundleTest},
		{"the same twice", never("ok && (!isDir || !wasDir)"), bundleTest},
		{"capitals", swap("strings.ToLower(name)", "strings.Clone(name)"), bundleTest},
	}},
	{file: "internal/signinexp/signinexpapi/customui.go", tests: "internal/hosted/customui", mutants: []mutant{
		{"apart from operators", swap("case !a.Apart:", "case false:"), apartTest},
		{"not for operators", swap("case t.ID == tenant.Admin:", "case false:"), apartTest},
	}},
	{file: "internal/hosted/customui/customui.go", mutants: []mutant{
		{"served apart from operators", drop("!p.Apart || "), apartTest},
		{"not served to operators", drop("t.ID == tenant.Admin || "), "TestInterface_LeavesTheRestAlone"},
		{"our paths", swap("ours[top] {", `top == "" {`), "TestInterface_LeavesTheRestAlone"},
	}},
	{file: "internal/hosted/accountpages/pages.go", mutants: []mutant{
		{"token before the file", never(`!p.isOurs(v, fields.Get("token"))`), pageFormTest},
	}},
}
