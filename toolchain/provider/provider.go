package main

import (
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/terraform-provider-openstack/terraform-provider-openstack/v3/openstack"
)

const (
	packageName = "openstack"
	// A resource without a name is called after its Pulumi name, a separator and seven random digits.
	longestName   = 255
	nameSeparator = "-"
)

// provider joins the Terraform provider with the table's names.
func provider(table *Table) tfbridge.ProviderInfo {
	info := tfbridge.ProviderInfo{
		P:              shimv2.NewProvider(openstack.Provider()),
		Name:           packageName,
		Version:        table.Version,
		GitHubOrg:      "terraform-provider-openstack",
		Config:         configuration(table),
		Resources:      map[string]*tfbridge.ResourceInfo{},
		DataSources:    map[string]*tfbridge.DataSourceInfo{},
		IgnoreMappings: table.Unmapped,
	}
	for name, known := range table.Resources {
		addResource(&info, name, known, fields(table, name))
	}
	for name, known := range table.Functions {
		addFunction(&info, name, known, fields(table, "data."+name))
	}
	info.SetAutonaming(longestName, nameSeparator)
	return info
}

// addResource maps a resource to its token; a second token is its former one, which old programs may still use.
func addResource(info *tfbridge.ProviderInfo, name string, known []string, fields map[string]*tfbridge.SchemaInfo) {
	resource := &tfbridge.ResourceInfo{Tok: tokens.Type(known[0]), Fields: fields}
	info.Resources[name] = resource
	for _, former := range known[1:] {
		info.RenameResourceWithAlias(name, tokens.Type(former), resource.Tok, "", "", resource)
	}
}

func addFunction(info *tfbridge.ProviderInfo, name string, known []string, fields map[string]*tfbridge.SchemaInfo) {
	function := &tfbridge.DataSourceInfo{Tok: tokens.ModuleMember(known[0]), Fields: fields}
	info.DataSources[name] = function
	for _, former := range known[1:] {
		info.RenameDataSource(name, tokens.ModuleMember(former), function.Tok, "", "", function)
	}
}

func configuration(table *Table) map[string]*tfbridge.SchemaInfo {
	config := map[string]*tfbridge.SchemaInfo{}
	for property, variables := range table.Environment {
		config[property] = &tfbridge.SchemaInfo{Default: &tfbridge.DefaultInfo{EnvVars: variables}}
	}
	return config
}

func fields(table *Table, name string) map[string]*tfbridge.SchemaInfo {
	infos := map[string]*tfbridge.SchemaInfo{}
	for property, called := range table.Names[name] {
		infos[property] = &tfbridge.SchemaInfo{Name: called}
	}
	return infos
}
