module manul.dev/probe

go 1.21
