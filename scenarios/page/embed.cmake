# Writes a C++ source that holds the parts of a page: cmake -DOUT=FILE -DFOLDER=scenarios/page [-DD3=FILE -DLICENCE=FILE] -P embed.cmake
# A file becomes an array of bytes: string literals have a length that compilers may refuse.
function(embed NAME FILE)
  set(BYTES "")
  if(FILE)
    file(READ ${FILE} BYTES HEX)
    string(REGEX REPLACE "(..)" "'\\\\x\\1'," BYTES "${BYTES}")
  endif()
  set(TEXT "${TEXT}constexpr char ${NAME}[] = {${BYTES}'\\0'};\n" PARENT_SCOPE)
endfunction()

set(TEXT "// Written by scenarios/page/embed.cmake.\n#include \"scenarios/page/parts.h\"\n\nnamespace norn::scenarios {\nnamespace {\n\n")
embed(kHtml ${FOLDER}/report.html)
embed(kCss ${FOLDER}/report.css)
embed(kJs ${FOLDER}/report.js)
embed(kD3 "${D3}")
embed(kLicence "${LICENCE}")
file(WRITE ${OUT} "${TEXT}
template <size_t N>
constexpr std::string_view Whole(const char (&bytes)[N]) {
  return {bytes, N - 1};
}

}  // namespace

const PageParts kPageParts = {Whole(kHtml), Whole(kCss), Whole(kJs), Whole(kD3), Whole(kLicence)};

}  // namespace norn::scenarios
")
