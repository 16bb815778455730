package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
)

// table.json is written from the installed SDK (python -m citycloud.toolchain.table); a test keeps it current.
//
//go:embed table.json
var tableJSON []byte

// Table says under which names the SDK knows each thing of the Terraform provider.
type Table struct {
	// Version of the SDK, and so of this plugin.
	Version string `json:"version"`
	// Resources and Functions: Terraform name to token, followed by its former token if the SDK still has it.
	Resources map[string][]string `json:"resources"`
	Functions map[string][]string `json:"functions"`
	// Names: Terraform name (a function's begins with "data.") to Terraform property to the SDK's name of it, only where
	// the bridge's own rule would name it otherwise.
	Names map[string]map[string]string `json:"names"`
	// Environment: provider property to the variables that give its default, the first one set wins.
	Environment map[string][]string `json:"environment"`
	// Unmapped: what the Terraform provider has and the SDK does not.
	Unmapped []string `json:"unmapped"`
}

func readTable() (*Table, error) {
	table := new(Table)
	if err := json.Unmarshal(tableJSON, table); err != nil {
		return nil, fmt.Errorf("table.json: %w", err)
	}
	return table, nil
}

// packageSchema is the least that the engine asks of a plugin's schema: programs bring their own, inside the SDK.
func packageSchema(table *Table) []byte {
	schema, _ := json.Marshal(map[string]string{"name": packageName, "version": table.Version})
	return schema
}
