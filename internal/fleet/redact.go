package fleet

import "strings"

// redacted returns what an error says without the password. Servers and proxies that do not know AUTH, as where it was
// renamed, repeat what they were sent, of which Redis cuts off what is long:
//
//	ERR unknown command 'AUTH', with args beginning with: 'stillroom' 'secr
func (f *Client) redacted(err error) string {
	if err == nil {
		return ""
	}
	text, _, _ := strings.Cut(err.Error(), ", with args beginning with")
	if f.option.Password != "" {
		text = strings.ReplaceAll(text, f.option.Password, "***")
	}
	return text
}
