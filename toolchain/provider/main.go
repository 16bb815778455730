// The OpenStack provider for Pulumi, where the official plugin cannot be had: the Terraform provider, bridged under the
// tokens and property names of the Python SDK that table.json was read from.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
)

func main() {
	table, err := readTable()
	if err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-resource-openstack:", err)
		os.Exit(1)
	}
	if len(os.Args) == 2 && strings.HasPrefix(os.Args[1], "describe") {
		if os.Args[1] == "describe-unnamed" {
			table = &Table{Version: table.Version}
		}
		if err := json.NewEncoder(os.Stdout).Encode(describe(provider(table))); err != nil {
			os.Exit(1)
		}
		return
	}
	info := provider(table)
	tfbridge.Main(info.Name, info.Version, info, packageSchema(table))
}
