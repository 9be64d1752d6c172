# Turns lines "package TAB version TAB architecture" into CycloneDX components, with a comma after each but the last.
# In a package URL the characters below have to be escaped; nothing else that Debian allows in a version does.
BEGIN { FS = "\t" }
{
  version = $2
  gsub(/%/, "%25", version)
  gsub(/\+/, "%2B", version)
  gsub(/:/, "%3A", version)
  name = $1
  gsub(/\+/, "%2B", name)
  url = "pkg:deb/debian/" name "@" version "?arch=" $3 "&distro=debian-12"
  if (NR > 1) print ","
  printf "    {\"type\":\"library\",\"bom-ref\":\"%s\",\"name\":\"%s\",\"version\":\"%s\",\"purl\":\"%s\"}", url, $1, $2, url
}
END { print "" }
