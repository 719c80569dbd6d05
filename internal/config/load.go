package config

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// Options say what Load reads.
type Options struct {
	// Args are the arguments after the command's name.
	Args []string
	// Environ is the environment as os.Environ returns it.
	Environ []string
	// ReadFile reads the YAML file, the presets and files named by _FILE; nil = os.ReadFile.
	ReadFile func(name string) ([]byte, error)
	// Flags are the command's own flags; Load sets their values.
	Flags []*Flag
	// Operands says that the command takes arguments other than flags, which Report.Operands then holds. Without it
	// they are refused.
	Operands bool
}

// Load reads and checks the configuration. Its error is a Problems with everything that was found
// wrong; the Report is never nil, so that warnings can be shown beside an error.
func Load(o Options) (*Config, *Report, error) {
	l := newLoader(o)
	merged := l.gather()
	c := l.parse(merged)
	l.complete(c, merged)
	l.check(c, merged)
	report := &Report{Rows: l.rows(c, merged), Warnings: l.warnings, Operands: l.operands}
	if len(l.problems) > 0 {
		return nil, report, l.problems
	}
	return c, report, nil
}

// loader carries one Load from step to step.
type loader struct {
	o        Options
	table    []setting // what Config holds, then what this build only knows by name
	env      map[string]string
	problems Problems
	warnings []string
	operands []string
	// failed holds the settings whose value could not be read; rules that need them are left out, so that
	// one mistake is reported once.
	failed map[string]bool
}

func newLoader(o Options) *loader {
	if o.ReadFile == nil {
		o.ReadFile = os.ReadFile
	}
	l := &loader{o: o, table: append(settings(), unbuiltSettings()...), env: map[string]string{}, failed: map[string]bool{}}
	for _, pair := range o.Environ {
		if name, value, ok := strings.Cut(pair, "="); ok && name != "" {
			l.env[name] = value
		}
	}
	return l
}

// gather merges the places where settings stand: file under environment under flags; in the environment,
// native names win over those of other systems.
func (l *loader) gather() layer {
	line := parseFlags(l.o.Args, l.table, l.o.Flags)
	l.problems = append(l.problems, line.problems...)
	l.operands = line.operands
	if len(l.operands) > 0 && !l.o.Operands {
		l.problems.add(origin("argument"), "want flags only, got %q", l.operands[0])
	}
	flags := l.readSecrets(line.layer)
	native := l.readSecrets(l.nativeNames())
	var file layer
	if path, ok := native.over(flags)[prefix+"CONFIG"]; ok {
		file = l.readSecrets(l.readConfig(path))
	}
	compat := file.over(native).over(flags)[prefix+"COMPAT"].text
	merged := file.over(l.foreignNames(native, compat)).over(native).over(flags)
	l.bothLevels(merged)
	l.tagsWanted(merged)
	return merged
}

// fileSuffix on any name says that the value is a file to read the setting from.
const fileSuffix = "_FILE"

// readSecrets replaces each NAME_FILE of a layer by NAME with what the file holds.
func (l *loader) readSecrets(in layer) layer {
	out := make(layer, len(in))
	for i := range l.table {
		s := &l.table[i]
		if v, ok := in[s.name]; ok {
			out[s.name] = v
		}
		path, ok := in[s.name+fileSuffix]
		if !ok || path.text == "" {
			continue
		}
		if direct, both := in[s.name]; both {
			l.fail(s, path.at, "want either this or %s, not both", direct.at)
			continue
		}
		if text, ok := l.readSecret(s, path); ok {
			out.put(s, text, path.at)
		}
	}
	return out
}

// readSecret reads the file that holds a setting. Line ends at its end are dropped: every editor writes one.
func (l *loader) readSecret(s *setting, path given) (string, bool) {
	text, err := l.o.ReadFile(path.text)
	if err != nil {
		l.fail(s, path.at, "cannot read the file %q: %s", path.text, cause(err))
		return "", false
	}
	return strings.TrimRight(string(text), "\r\n"), true
}

// fail reports what is wrong with a setting.
func (l *loader) fail(s *setting, at origin, message string, args ...any) {
	l.failed[s.name] = true
	l.problems.add(at, message, args...)
}

// setting returns the row of a native name.
func (l *loader) setting(name string) *setting {
	i := slices.IndexFunc(l.table, func(s setting) bool { return s.name == name })
	if i < 0 {
		return nil
	}
	return &l.table[i]
}

// cause drops "open /path:" from an error that is shown beside the path anyway.
func cause(err error) error {
	if e := new(fs.PathError); errors.As(err, &e) {
		return e.Err
	}
	return err
}
