package config

import "strings"

// Flag is a flag that belongs to a command rather than to the configuration.
type Flag struct {
	Name  string // without dashes
	Value string // set by Load; "true" for a Bool without value
	Bool  bool   // may stand without a value
	Desc  string // one line of help
}

// commandLine is what the arguments of a command say.
type commandLine struct {
	layer    layer
	operands []string
	problems Problems
}

// parseFlags reads --name=value, --name value and, for switches, --name; one dash does as well, as
// everywhere in Go. Operands may stand between flags, and "--" ends the flags.
func parseFlags(args []string, table []setting, own []*Flag) commandLine {
	line := commandLine{layer: layer{}}
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		if arg == "--" {
			line.operands = append(line.operands, args...)
			break
		}
		name, ok := strings.CutPrefix(arg, "-")
		if !ok || name == "" { // "-" is an operand: the standard input
			line.operands = append(line.operands, arg)
			continue
		}
		name, value, inline := strings.Cut(strings.TrimPrefix(name, "-"), "=")
		args = line.flag(name, value, inline, args, table, own)
	}
	return line
}

// flag reads one flag and returns the arguments that are left.
func (line *commandLine) flag(name, value string, inline bool, rest []string, table []setting, own []*Flag) []string {
	at := origin("--" + name)
	target, command, fromFile := lookup(name, table, own)
	if target == nil && command == nil {
		near := nearestFlag(name, table, own)
		line.problems.add(at, "unknown flag, the nearest is --%s", near)
		// What follows is most likely its value; to complain of that as well would be noise.
		if t, _, _ := lookup(near, table, own); !inline && len(rest) > 0 && !strings.HasPrefix(rest[0], "-") && (t == nil || !t.isBool()) {
			return rest[1:]
		}
		return rest
	}
	if !inline {
		switch {
		case command != nil && command.Bool, target != nil && target.isBool() && !fromFile:
			value = "true"
		case len(rest) == 0:
			line.problems.add(at, "want a value")
			return rest
		default:
			value, rest = rest[0], rest[1:]
		}
	}
	switch {
	case command != nil:
		command.Value = value
	case fromFile:
		line.layer[target.name+fileSuffix] = given{value, at}
	default:
		line.layer.put(target, value, at)
	}
	return rest
}

// lookup finds what a flag sets; a command's own flags come first.
func lookup(name string, table []setting, own []*Flag) (target *setting, command *Flag, fromFile bool) {
	for _, f := range own {
		if f.Name == name {
			return nil, f, false
		}
	}
	for i := range table {
		switch name {
		case table[i].flag():
			return &table[i], nil, false
		case table[i].flag() + "-file":
			return &table[i], nil, true
		}
	}
	return nil, nil, false
}

// nearestFlag returns the flag that name was most likely meant to be.
func nearestFlag(name string, table []setting, own []*Flag) string {
	best := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(nearestName(native(name), table), prefix), "_", "-"))
	for _, f := range own {
		if edits(name, f.Name) <= edits(name, best) {
			best = f.Name
		}
	}
	return best
}
