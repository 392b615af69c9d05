module manul.dev/cni-plugin

go 1.24
