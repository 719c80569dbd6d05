package config

import "strings"

// spelling is a way to write a name that is known.
type spelling struct{ text, means string }

// spellings returns every native name as itself and as another system would have called it: whoever
// writes STILLROOM_PORT means STILLROOM_BIND, however far apart the two are.
func spellings(table []setting) []spelling {
	var all []spelling
	for i := range table {
		all = append(all, spelling{table[i].name, table[i].name})
	}
	for i := range table {
		for _, also := range table[i].also {
			if _, rest, ok := strings.Cut(also, "_"); ok {
				all = append(all, spelling{prefix + rest, table[i].name})
			}
		}
	}
	return all
}

// nearestName returns the native name that an unknown one was most likely meant to be.
func nearestName(name string, table []setting) string {
	base, isFile := strings.CutSuffix(name, fileSuffix)
	best, least := "", -1
	for _, s := range spellings(table) {
		if d := edits(base, s.text); least < 0 || d < least {
			best, least = s.means, d
		}
	}
	if isFile {
		return best + fileSuffix
	}
	return best
}

// nearest returns the candidate that is the fewest edits away from name, the first of equals.
func nearest(name string, candidates []string) string {
	best, least := "", -1
	for _, c := range candidates {
		if d := edits(name, c); least < 0 || d < least {
			best, least = c, d
		}
	}
	return best
}

// edits counts the characters to insert, delete, replace or swap with a neighbour to make b of a (the
// optimal string alignment distance: swapped letters are what hands do wrong most).
func edits(a, b string) int {
	a, b = strings.ToUpper(a), strings.ToUpper(b)
	before, above, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range above {
		above[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, above, row = above, row, before
	}
	return above[len(b)]
}
