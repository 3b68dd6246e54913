package main

var registeredURIs = []target{}
