package main

var redirects = []target{}
