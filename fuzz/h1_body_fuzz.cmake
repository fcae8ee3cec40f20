# The second opinion on chunked bodies: Debian's libhttp-parser-dev.
find_library(WEIR_HTTP_PARSER http_parser REQUIRED)
find_path(WEIR_HTTP_PARSER_INCLUDE http_parser.h REQUIRED)
target_include_directories(${name} SYSTEM PRIVATE ${WEIR_HTTP_PARSER_INCLUDE})
target_link_libraries(${name} PRIVATE ${WEIR_HTTP_PARSER})
