package main

import (
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim"
)

// Property is one property as programs see it.
type Property struct {
	// Terraform is the property's name in the Terraform provider.
	Terraform string `json:"terraform"`
	Shape     *Shape `json:"shape"`
	Input     bool   `json:"input"`
	Required  bool   `json:"required"`
	Secret    bool   `json:"secret"`
}

// Shape is a type: string, bool, int, float; a list or map of Of; or an object with Properties by their names in programs.
type Shape struct {
	Type       string               `json:"type"`
	Of         *Shape               `json:"of,omitempty"`
	Properties map[string]*Property `json:"properties,omitempty"`
}

// Thing is a resource or a function.
type Thing struct {
	Token      string               `json:"token"`
	Properties map[string]*Property `json:"properties"`
}

// Description is all that this plugin serves, by Terraform names. What has no token is not served.
type Description struct {
	Version   string               `json:"version"`
	Config    map[string]*Property `json:"config"`
	Resources map[string]*Thing    `json:"resources"`
	Functions map[string]*Thing    `json:"functions"`
}

// describe reads the names and types with the bridge's own rules, as it does when it serves.
func describe(info tfbridge.ProviderInfo) Description {
	all := Description{
		Version:   info.Version,
		Config:    properties(info.P.Schema(), info.Config),
		Resources: map[string]*Thing{},
		Functions: map[string]*Thing{},
	}
	info.P.ResourcesMap().Range(func(name string, resource shim.Resource) bool {
		known := info.Resources[name]
		if known == nil {
			known = &tfbridge.ResourceInfo{}
		}
		all.Resources[name] = &Thing{string(known.Tok), properties(resource.Schema(), known.Fields)}
		return true
	})
	info.P.DataSourcesMap().Range(func(name string, function shim.Resource) bool {
		known := info.DataSources[name]
		if known == nil {
			known = &tfbridge.DataSourceInfo{}
		}
		all.Functions[name] = &Thing{string(known.Tok), properties(function.Schema(), known.Fields)}
		return true
	})
	return all
}

func properties(schema shim.SchemaMap, infos map[string]*tfbridge.SchemaInfo) map[string]*Property {
	named := map[string]*Property{}
	schema.Range(func(name string, property shim.Schema) bool {
		if property.Removed() == "" {
			named[tfbridge.TerraformToPulumiNameV2(name, schema, infos)] = &Property{
				Terraform: name,
				Shape:     shape(property, infos[name]),
				Input:     property.Optional() || property.Required(),
				Required:  property.Required() && !hasDefault(property, infos[name]),
				Secret:    property.Sensitive(),
			}
		}
		return true
	})
	return named
}

// hasDefault is true too where the bridge or the environment gives a value.
func hasDefault(property shim.Schema, info *tfbridge.SchemaInfo) bool {
	return property.HasDefault() || (info != nil && info.HasDefault())
}

func shape(property shim.Schema, info *tfbridge.SchemaInfo) *Shape {
	switch property.Type() {
	case shim.TypeBool:
		return &Shape{Type: "bool"}
	case shim.TypeInt:
		return &Shape{Type: "int"}
	case shim.TypeFloat:
		return &Shape{Type: "float"}
	case shim.TypeMap:
		return &Shape{Type: "map", Of: element(property, info)}
	case shim.TypeList, shim.TypeSet:
		if tfbridge.IsMaxItemsOne(property, info) {
			return element(property, info)
		}
		return &Shape{Type: "list", Of: element(property, info)}
	default:
		return &Shape{Type: "string"}
	}
}

// element is what a list, set or map holds; where the Terraform provider does not say, the bridge takes text.
func element(property shim.Schema, info *tfbridge.SchemaInfo) *Shape {
	switch held := property.Elem().(type) {
	case shim.Schema:
		return shape(held, nil)
	case shim.Resource:
		var infos map[string]*tfbridge.SchemaInfo
		if info != nil && info.Elem != nil {
			infos = info.Elem.Fields
		}
		return &Shape{Type: "object", Properties: properties(held.Schema(), infos)}
	default:
		return &Shape{Type: "string"}
	}
}
