#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""sbom.py BUILD_DIRECTORY VERSION: dist/sbom.spdx.json and dist/sbom.cyclonedx.json of build/PRESET/agentweave.

What is in the list is what the build used: the archives of its link line, the headers its compiler read (ninja's own
record), the shared libraries the loader binds and the one that is opened at its first use; each as the Debian package it
came from. The same build gives the same bytes: the time is SOURCE_DATE_EPOCH, or the last commit's.
"""
import datetime
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import uuid

OPENED_LATER = ["libcurl.so.4"]  # core/io/libcurl.cc


def output(*command, **more):
    return subprocess.run([str(c) for c in command], check=True, capture_output=True, text=True, **more).stdout


def packages_of(paths):
    """Debian package -> version, source for the files; a file of no package ends the build."""
    paths = sorted({os.path.realpath(p) for p in paths})
    found = {}
    # dpkg records some files by the name without /usr and some with it.
    names = sorted({n for p in paths for n in (p, re.sub(r"^/usr/lib", "/lib", p))})
    answer = subprocess.run(["dpkg-query", "-S", *names], capture_output=True, text=True).stdout
    owned = set()
    for line in answer.splitlines():
        owners, _, path = line.partition(": ")
        owned.add(re.sub(r"^/lib/", "/usr/lib/", path))
        for owner in owners.split(", "):
            found[owner.split(":")[0]] = None
    missing = [p for p in paths if re.sub(r"^/lib/", "/usr/lib/", p) not in owned]
    if missing:
        sys.exit("sbom: no package owns " + ", ".join(missing[:5]))
    shown = output("dpkg-query", "-W", "-f=${Package}\t${Version}\t${source:Package}\t${Architecture}\n", *found)
    for line in shown.splitlines():
        name, version, source, architecture = line.split("\t")
        found[name] = {"name": name, "version": version, "source": source, "architecture": architecture}
    return found


def inputs(build):
    headers = set()
    for line in output("ninja", "-C", build, "-t", "deps").splitlines():
        if line.startswith("    /usr/"):
            headers.add(line.strip())
    link = pathlib.Path(build, "build.ninja").read_text()
    rule = re.search(r"^build agentweave: .*?(?=^build )", link, re.M | re.S).group(0)
    archives = set(re.findall(r"(/usr/\S+\.a)\b", rule))
    shared = set(re.findall(r"=> (/\S+)", output("ldd", pathlib.Path(build, "agentweave"))))
    for name in OPENED_LATER:
        shared |= set(re.findall(rf"{re.escape(name)} .*=> (\S+)", output("/sbin/ldconfig", "-p")))
    return {"linked statically": archives, "compiled in": headers, "bound at run time": shared}


def collect(build):
    parts = {}
    for how, paths in inputs(build).items():
        for name, package in packages_of(paths).items():
            if how == "compiled in" and (name.startswith(("libc6", "linux-libc", "libstdc++", "libclang", "libgcc", "gcc")) or name in parts):
                continue  # headers of the C library and the compiler leave no code of theirs but what is listed anyway
            parts.setdefault(name, {**package, "how": how})
    return [parts[name] for name in sorted(parts)]


def purl(part):
    return f"pkg:deb/debian/{part['name']}@{part['version'].replace('+', '%2B').replace(':', '%3A')}?arch={part['architecture']}&distro=debian-12"


def spdx(version, digest, when, parts):
    packages = [{"SPDXID": "SPDXRef-agentweave", "name": "agentweave", "versionInfo": version, "downloadLocation": "NOASSERTION",
                 "filesAnalyzed": False, "licenseConcluded": "Apache-2.0", "licenseDeclared": "Apache-2.0", "copyrightText": "NOASSERTION",
                 "checksums": [{"algorithm": "SHA256", "checksumValue": digest}], "primaryPackagePurpose": "APPLICATION"}]
    relations = [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-agentweave"}]
    kinds = {"linked statically": "STATIC_LINK", "compiled in": "CONTAINS", "bound at run time": "DYNAMIC_LINK"}
    for part in parts:
        ref = "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", part["name"])
        packages.append({"SPDXID": ref, "name": part["name"], "versionInfo": part["version"], "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
                         "sourceInfo": f"Debian source package {part['source']}", "supplier": "Organization: Debian", "licenseConcluded": "NOASSERTION",
                         "licenseDeclared": "NOASSERTION", "copyrightText": "NOASSERTION",
                         "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl(part)}]})
        relations.append({"spdxElementId": "SPDXRef-agentweave", "relationshipType": kinds[part["how"]], "relatedSpdxElement": ref})
    return {"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": f"agentweave-{version}",
            "documentNamespace": f"https://agentweave.dev/sbom/agentweave-{version}-{digest[:16]}",
            "creationInfo": {"created": when, "creators": ["Tool: agentweave-sbom"]}, "packages": packages, "relationships": relations}


def cyclonedx(version, digest, when, parts):
    return {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, 'agentweave:' + digest)}",
            "metadata": {"timestamp": when, "component": {"type": "application", "bom-ref": "agentweave", "name": "agentweave", "version": version,
                                                          "licenses": [{"license": {"id": "Apache-2.0"}}], "hashes": [{"alg": "SHA-256", "content": digest}]}},
            "components": [{"type": "library", "bom-ref": purl(part), "name": part["name"], "version": part["version"], "purl": purl(part),
                            "properties": [{"name": "agentweave:use", "value": part["how"]}, {"name": "debian:source", "value": part["source"]}]} for part in parts],
            "dependencies": [{"ref": "agentweave", "dependsOn": [purl(part) for part in parts]}] + [{"ref": purl(part)} for part in parts]}


def main():
    build, version = pathlib.Path(sys.argv[1]), sys.argv[2]
    seconds = int(os.environ.get("SOURCE_DATE_EPOCH") or output("git", "log", "-1", "--format=%ct"))
    when = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    digest = hashlib.sha256((build / "agentweave").read_bytes()).hexdigest()
    parts = collect(build)
    (build / "dist").mkdir(exist_ok=True)
    for name, make in (("spdx", spdx), ("cyclonedx", cyclonedx)):
        (build / f"dist/sbom.{name}.json").write_text(json.dumps(make(version, digest, when, parts), indent=1) + "\n")
    print(f"sbom: {len(parts)} packages")


main()
