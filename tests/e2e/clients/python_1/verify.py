# SPDX-License-Identifier: Apache-2.0
"""The official Python SDK's own check of a card's signature. verify.py URL CERT KEY CA SIGNER; SIGNER is the signer's certificate."""
import asyncio
import ssl
import sys

import httpx
from a2a.client import A2ACardResolver
from a2a.utils.signing import SignatureVerificationError, create_signature_verifier
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


async def check(url, cert, key, ca, signer):
    context = ssl.create_default_context(cafile=ca)
    context.load_cert_chain(cert, key)
    public = x509.load_pem_x509_certificate(open(signer, "rb").read()).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    verify = create_signature_verifier(lambda kid, jku: public, ["ES256"])
    for version in ("1.0", "0.3"):  # the pure card and the hybrid
        async with httpx.AsyncClient(verify=context, headers={"A2A-Version": version}) as http:
            card = await A2ACardResolver(http, url).get_agent_card(signature_verifier=verify)
            card.description = "something else"
            try:
                verify(card)
            except SignatureVerificationError:
                print("ok", version, flush=True)
            else:
                raise SystemExit("a changed card verifies")


asyncio.run(check(*sys.argv[1:6]))
