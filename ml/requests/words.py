"""Words that characterise a URL of any site, and their hash tables for kernels.

Only words of HTTP, of frameworks and of the web's file system belong here, never words of a business: a model
that knows `orders` would remember shops instead of recognising APIs.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntFlag, auto
from typing import Final, TypeVar

import numpy as np

from ml.requests.compiling import OFFSET, PRIME, WordTable


class PathWord(IntFlag):
    """Groups of words in a path; a token is a run of letters and digits."""

    API = auto()
    REST = auto()
    GRAPHQL = auto()
    RPC = auto()
    AJAX = auto()
    ODATA = auto()
    SOAP = auto()
    SOCKET = auto()
    DATA = auto()
    FEED = auto()
    ASSETS = auto()
    BUNDLE = auto()
    PAGE = auto()
    META = auto()
    LOGIN = auto()
    HEALTH = auto()
    PROBE = auto()
    DOCS = auto()
    VERB = auto()
    BEACON = auto()
    SERVICE = auto()


class HostWord(IntFlag):
    """Groups of words in a host name, without the registered domain."""

    API = auto()
    GATEWAY = auto()
    ASSETS = auto()
    WWW = auto()
    SITE = auto()
    LOGIN = auto()
    BEACON = auto()


class QueryWord(IntFlag):
    """Groups of names of query parameters.

    Parameters that authenticate a caller are left out on purpose.
    """

    CALLBACK = auto()
    BUST = auto()
    CAMPAIGN = auto()
    SEARCH = auto()
    FORMAT = auto()
    PAGING = auto()
    SELECT = auto()
    ASSET_VERSION = auto()
    API_VERSION = auto()


class Extension(IntFlag):
    """Groups of file extensions."""

    SCRIPT_PAGE = auto()
    HTML = auto()
    IMAGE = auto()
    SCRIPT = auto()
    STYLE = auto()
    FONT = auto()
    MEDIA = auto()
    ARCHIVE = auto()
    JSON = auto()
    XML = auto()
    TEXT = auto()
    MAP = auto()
    SERVICE = auto()


PATH_WORDS: Final[Mapping[PathWord, str]] = {
    PathWord.API: "api apis rpcapi restapi webapi openapi openapis wsapi",
    PathWord.REST: "rest restful resources",
    PathWord.GRAPHQL: "graphql gql graphiql",
    PathWord.RPC: "rpc jsonrpc xmlrpc grpc trpc twirp procedure invoke execute",
    PathWord.AJAX: "ajax xhr async",
    PathWord.ODATA: "odata",
    PathWord.SOAP: "soap wsdl webservice webservices",
    PathWord.SOCKET: "ws wss websocket socket sse signalr cable stream streams events",
    PathWord.DATA: "json data",
    PathWord.FEED: "feed feeds rss atom",
    PathWord.ASSETS: (
        "static assets asset images image img imgs js css scripts script styles style stylesheets "
        "javascript javascripts fonts font media uploads upload dist build public content themes theme "
        "plugins icons icon vendor lib libs cdn files thumbs thumbnails"
    ),
    PathWord.BUNDLE: "min bundle chunk chunks runtime polyfills webpack bower modules",
    PathWord.PAGE: (
        "index home about contact blog news category categories tag tags page pages article articles post "
        "privacy terms faq help search archive archives author"
    ),
    PathWord.META: (
        "favicon robots sitemap humans ads manifest browserconfig crossdomain apple touch known security "
        "locale locales i18n l10n translations langs"
    ),
    PathWord.LOGIN: (
        "login logout signin signout signup oauth oauth2 token tokens auth authorize sso saml session "
        "sessions"
    ),
    PathWord.HEALTH: (
        "health healthz healthcheck ping ready readyz livez live status metrics heartbeat version"
    ),
    PathWord.PROBE: (
        "admin phpmyadmin cgi bin env git svn htaccess passwd etc wp includes shell cmd eval vendor backup "
        "config actuator xmlrpc setup"
    ),
    PathWord.DOCS: "docs doc swagger documentation manual guide reference redoc",
    PathWord.VERB: (
        "get list create update delete find query lookup fetch save submit validate check batch bulk count"
    ),
    PathWord.BEACON: (
        "beacon collect pixel track tracking analytics telemetry log logs event impression click ad ads"
    ),
    PathWord.SERVICE: "service services svc gateway gw backend bff endpoint endpoints",
}
HOST_WORDS: Final[Mapping[HostWord, str]] = {
    HostWord.API: "api apis rest graphql rpc ws webservices services service backend data",
    HostWord.GATEWAY: "gateway gw edge bff proxy",
    HostWord.ASSETS: (
        "static cdn img imgs image images assets asset media css js fonts files pics thumbs video videos"
    ),
    HostWord.WWW: "www www2 www3 web m",
    HostWord.SITE: (
        "blog docs help support shop store news forum status developer developers wiki community about"
    ),
    HostWord.LOGIN: "auth login sso id accounts account oauth identity idp signin",
    HostWord.BEACON: (
        "analytics metrics telemetry track tracking pixel ads ad stats collect collector events log logs"
    ),
}
QUERY_WORDS: Final[Mapping[QueryWord, str]] = {
    QueryWord.CALLBACK: "callback jsonp jsoncallback cb",
    QueryWord.BUST: "_ timestamp ts t rnd rand random nocache cachebuster _t",
    QueryWord.CAMPAIGN: "utm_source utm_medium utm_campaign utm_term utm_content gclid fbclid ref source",
    QueryWord.SEARCH: "q query search s keyword keywords term",
    QueryWord.FORMAT: "format alt output $format dataformat responseformat accept type",
    QueryWord.PAGING: (
        "page limit offset per_page perpage pagesize page_size size cursor after before start count skip "
        "$top $skip page[size] page[number] page_token pagetoken continuation since until from to sort "
        "order orderby order_by sort_by $orderby"
    ),
    QueryWord.SELECT: (
        "fields filter include expand select embed $filter $select $expand $count ids where fields[] "
        "include[] variables operationname extensions"
    ),
    QueryWord.ASSET_VERSION: "v ver rev hash h build",
    QueryWord.API_VERSION: "api-version api_version apiversion version",
}
EXTENSIONS: Final[Mapping[Extension, str]] = {
    Extension.SCRIPT_PAGE: "php php3 php4 php5 phtml asp aspx jsp jspx cfm cgi pl do action jsf seam",
    Extension.HTML: "html htm xhtml shtml xht mhtml",
    Extension.IMAGE: "png jpg jpeg gif webp avif svg ico bmp tif tiff heic cur",
    Extension.SCRIPT: "js mjs cjs jsx ts tsx wasm",
    Extension.STYLE: "css less scss sass",
    Extension.FONT: "woff woff2 ttf otf eot",
    Extension.MEDIA: "mp3 mp4 m4a m4s m4v webm ogg ogv oga wav flac avi mov mkv flv swf aac m3u8 mpd vtt ts",
    Extension.ARCHIVE: (
        "zip gz tgz bz2 xz tar rar 7z jar war apk ipa exe dmg deb rpm iso msi pdf doc docx xls xlsx ppt "
        "pptx odt ods epub bin pkg"
    ),
    Extension.JSON: "json jsonld geojson ndjson jsonl topojson webmanifest",
    Extension.XML: "xml xsl xslt xsd rss atom rdf wsdl kml gpx",
    Extension.TEXT: "txt md csv tsv log rst ics",
    Extension.MAP: "map",
    Extension.SERVICE: "asmx ashx svc axd asmi rpc api",
}
FORMATS: Final[Mapping[int, str]] = {1: "json jsonp json2 jsonv2 geojson xml csv rss atom protobuf"}


GroupT = TypeVar("GroupT", bound=int)


def fnv1a(word: str) -> int:
    """Returns the hash that the kernels compute byte by byte."""
    value = int(OFFSET)
    for byte in word.encode():
        value = ((value ^ byte) * int(PRIME)) & 0xFFFFFFFFFFFFFFFF
    return value


def build_word_table(groups: Mapping[GroupT, str]) -> WordTable:
    """Builds a hash table from a word's hash to its groups.

    Args:
        groups: The words, separated by white space, of each group (a bit).

    Returns:
        Slots, groups of each slot, number of groups. At most half of the slots are used.
    """
    groups_of: dict[str, int] = {}
    for group, words in groups.items():
        for word in words.split():
            groups_of[word] = groups_of.get(word, 0) | int(group)
    size = 1 << (2 * len(groups_of)).bit_length()
    slots, masks = np.zeros(size, np.uint64), np.zeros(size, np.int64)
    for word, mask in groups_of.items():
        slot = fnv1a(word) & (size - 1)
        while masks[slot]:
            slot = (slot + 1) & (size - 1)
        slots[slot], masks[slot] = fnv1a(word), mask
    return slots, masks, len(groups)
