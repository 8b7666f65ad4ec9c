package main

import (
	"context"
	"io"
	"net/rpc"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
)

// otherPlugin is Other, as go-plugin wants it.
type otherPlugin struct{}

func (otherPlugin) Server(*plugin.MuxBroker) (any, error) { return Other{}, nil }

func (otherPlugin) Client(_ *plugin.MuxBroker, c *rpc.Client) (any, error) { return c, nil }

var (
	handshake = plugin.HandshakeConfig{ProtocolVersion: 1, MagicCookieKey: "QUEUES_PLUGIN", MagicCookieValue: "other"}
	plugins   = map[string]plugin.Plugin{"other": otherPlugin{}}
)

func servePlugin() error {
	plugin.Serve(&plugin.ServeConfig{HandshakeConfig: handshake, Plugins: plugins, Logger: hclog.NewNullLogger()})
	return nil
}

// pluginWay is go-plugin over net/rpc, its default.
type pluginWay struct {
	caller
	host *plugin.Client
}

func openPlugin(_ context.Context, size int) (way, error) {
	other, err := self("plugin", size)
	if err != nil {
		return nil, err
	}
	other.Stderr = nil // its own
	host := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig: handshake, Plugins: plugins, Cmd: other, Logger: hclog.NewNullLogger(), SyncStderr: io.Discard,
	})
	protocol, err := host.Client()
	if err != nil {
		host.Kill()
		return nil, err
	}
	client, err := protocol.Dispense("other")
	if err != nil {
		host.Kill()
		return nil, err
	}
	return &pluginWay{caller{client.(*rpc.Client), "Plugin.Take", size}, host}, nil
}

func (w *pluginWay) close() error {
	w.host.Kill()
	return nil
}
