package hosted

// DeviceCode asks for the code that a device shows. Fields posted: xsrf,
// user_code.
type DeviceCode struct {
	Form
	XSRF   string
	Code   Field
	Notice *Notice
}

// ConfirmDevice asks whether a device that shows the same code may be signed in.
// Fields posted: xsrf, user_code, and confirm or abort, "yes".
type ConfirmDevice struct {
	Form
	XSRF string
	// Code is spelled as the device shows it.
	Code string
	// App is the application's name, AppLogo an http(s) URL of its picture;
	// without one the initials stand in.
	App, AppLogo string
}

// DeviceDone says that the device is signed in.
type DeviceDone struct{}

func (DeviceCode) template() string    { return "device-code" }
func (ConfirmDevice) template() string { return "confirm-device" }
func (DeviceDone) template() string    { return "device-done" }

// Logo returns the application's picture, if it is a link at all.
func (c ConfirmDevice) Logo() string { return webURL(c.AppLogo) }

// Initials stand in for the application's picture.
func (c ConfirmDevice) Initials() string { return initials(c.App) }
