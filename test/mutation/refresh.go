package main

var refreshReuse = []target{}
