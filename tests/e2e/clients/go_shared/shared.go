// SPDX-License-Identifier: Apache-2.0

// What every Go client here begins with: it ends at the first thing that is not as it must be, and has a certificate.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
)

func must(holds bool, what ...any) {
	if !holds {
		fmt.Fprintln(os.Stderr, what...)
		os.Exit(1)
	}
}

func good(err error) { must(err == nil, err) }

func done(step string) { fmt.Println("ok", step) }

// TLS 1.3 with the client's certificate; the server's must come from the authority in the file ca.
func secured(cert, key, ca string) *tls.Config {
	pair, err := tls.LoadX509KeyPair(cert, key)
	good(err)
	pem, err := os.ReadFile(ca)
	good(err)
	roots := x509.NewCertPool()
	must(roots.AppendCertsFromPEM(pem), ca, "has no certificate")
	return &tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: roots, MinVersion: tls.VersionTLS13}
}
