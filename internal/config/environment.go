package config

import (
	"regexp"
	"slices"
	"strings"
)

// nativeNames reads the STILLROOM_ names of the environment. One that is not known is a problem, whatever
// its value: it would otherwise silently do nothing.
func (l *loader) nativeNames() layer {
	found := layer{}
	var names []string
	for name := range l.env {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	links := serviceLink()
	for _, name := range names {
		base, isFile := strings.CutSuffix(name, fileSuffix)
		direct, viaFile := l.setting(name), (*setting)(nil)
		if isFile {
			viaFile = l.setting(base)
		}
		switch at := origin(name); {
		case direct != nil:
			found.put(direct, l.env[name], at)
		case viaFile != nil:
			found[name] = given{l.env[name], at}
		case links.MatchString(name + "=" + l.env[name]):
		default:
			l.problems.add(at, "unknown name, the nearest is %s", nearestName(name, l.table))
		}
	}
	return found
}

// serviceLink matches the variables that Kubernetes sets in every container for each service of the
// namespace, such as STILLROOM_PORT=tcp://10.3.0.7:80 for a service called "stillroom". They are
// nobody's settings and must not stop the start.
func serviceLink() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Z0-9_]+_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)=` +
		`|^[A-Z0-9_]+_PORT=(tcp|udp|sctp)://`)
}
