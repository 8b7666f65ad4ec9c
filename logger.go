package mp

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"strconv"
	"sync"
)

// Logger writes whole lines to stderr that begin with level and name of the process that logs, as Python's
// log_to_stderr: [INFO/Process-1] message key=value. One write a record, so that lines of several
// processes do not mix. In a child, slog.Default is this logger until the program sets another.
func Logger() *slog.Logger { return processLogger() }

var processLogger = sync.OnceValue(func() *slog.Logger { return slog.New(&lineHandler{}) })

// lineHandler is slog's text format behind a prefix of its own.
type lineHandler struct {
	wrap []func(slog.Handler) slog.Handler // WithAttrs and WithGroup so far
}

// Enabled is slog.Handler's: everything from Info up.
func (h *lineHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo
}

// Handle is slog.Handler's.
func (h *lineHandler) Handle(ctx context.Context, r slog.Record) error {
	var line bytes.Buffer
	line.WriteString("[" + r.Level.String() + "/" + CurrentProcess().Name + "] ")
	line.WriteString(oneLine(r.Message))
	var attrs bytes.Buffer
	text := slog.Handler(slog.NewTextHandler(&attrs, &slog.HandlerOptions{ReplaceAttr: dropBuiltin}))
	for _, w := range h.wrap {
		text = w(text)
	}
	if err := text.Handle(ctx, r); err != nil {
		return err
	}
	if attrs.Len() > 1 {
		line.WriteByte(' ')
	}
	line.Write(attrs.Bytes()) // ends the line
	_, err := os.Stderr.Write(line.Bytes())
	return err
}

// WithAttrs is slog.Handler's.
func (h *lineHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.with(func(in slog.Handler) slog.Handler { return in.WithAttrs(attrs) })
}

// WithGroup is slog.Handler's.
func (h *lineHandler) WithGroup(name string) slog.Handler {
	return h.with(func(in slog.Handler) slog.Handler { return in.WithGroup(name) })
}

func (h *lineHandler) with(w func(slog.Handler) slog.Handler) slog.Handler {
	return &lineHandler{wrap: append(h.wrap[:len(h.wrap):len(h.wrap)], w)}
}

// dropBuiltin leaves the record's own attributes: time, level and message are the prefix's business.
func dropBuiltin(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey || a.Key == slog.MessageKey) {
		return slog.Attr{}
	}
	return a
}

// oneLine quotes a message that would break the line.
func oneLine(s string) string {
	for _, r := range s {
		if r < ' ' && r != '\t' {
			return strconv.Quote(s)
		}
	}
	return s
}
