package main

var pkce = []target{}
