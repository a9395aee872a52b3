#include "genesis/genesis.h"

#include <assert.h>
#include <stdio.h>

/* 256 words to say a chain id over the phone: common, at most seven letters, no two that share
 * their first four letters or sound alike. The order is part of what people compare: a word never
 * changes its place. */
static const char words[256][8] = {
    "acid",    "acorn",   "actor",   "album",   "alpine",  "amber",   "anchor",  "animal",
    "ankle",   "apple",   "april",   "apron",   "arena",   "arrow",   "artist",  "atlas",
    "autumn",  "avocado", "bacon",   "badge",   "baker",   "bamboo",  "banjo",   "barrel",
    "basket",  "beach",   "beaver",  "bishop",  "blanket", "blossom", "bottle",  "bridge",
    "bronze",  "brother", "buffalo", "cabin",   "cactus",  "camera",  "candle",  "canyon",
    "carbon",  "carpet",  "castle",  "cherry",  "chicken", "circle",  "cliff",   "clover",
    "cobra",   "coffee",  "comet",   "copper",  "cotton",  "cowboy",  "crayon",  "crystal",
    "cube",    "curtain", "daisy",   "dancer",  "dentist", "desert",  "diamond", "dinner",
    "doctor",  "dolphin", "donkey",  "dragon",  "drum",    "eagle",   "earth",   "echo",
    "elbow",   "ember",   "engine",  "fabric",  "falcon",  "farmer",  "feather", "fence",
    "fiddle",  "finger",  "fish",    "flame",   "forest",  "fossil",  "fox",     "freezer",
    "frog",    "fruit",   "galaxy",  "garden",  "garlic",  "gentle",  "giant",   "giraffe",
    "glacier", "globe",   "gold",    "grape",   "guitar",  "hammer",  "harvest", "hazel",
    "helmet",  "heron",   "hockey",  "honey",   "hotel",   "iceberg", "igloo",   "insect",
    "iron",    "island",  "ivory",   "jacket",  "jaguar",  "jelly",   "jewel",   "jigsaw",
    "jungle",  "juniper", "kettle",  "kidney",  "king",    "kitchen", "koala",   "ladder",
    "lagoon",  "lantern", "lawyer",  "lemon",   "leopard", "library", "lobster", "lotus",
    "lunch",   "magnet",  "mango",   "maple",   "market",  "meadow",  "mirror",  "monkey",
    "morning", "mosaic",  "muffin",  "museum",  "mustard", "napkin",  "needle",  "nephew",
    "nickel",  "noodle",  "nurse",   "nylon",   "oasis",   "ocean",   "october", "office",
    "olive",   "onion",   "opera",   "orange",  "orchid",  "otter",   "oxygen",  "oyster",
    "paddle",  "palace",  "panda",   "paper",   "parrot",  "pebble",  "pencil",  "piano",
    "picnic",  "pilot",   "pirate",  "planet",  "police",  "pumpkin", "puzzle",  "queen",
    "quilt",   "rabbit",  "radio",   "rainbow", "raven",   "ribbon",  "river",   "robot",
    "rocket",  "rose",    "rubber",  "saddle",  "salad",   "salmon",  "sandal",  "saturn",
    "school",  "shadow",  "shelf",   "silver",  "skunk",   "slipper", "snow",    "sofa",
    "spider",  "spoon",   "station", "stone",   "sugar",   "summer",  "swan",    "table",
    "teacher", "temple",  "tennis",  "thunder", "ticket",  "tiger",   "timber",  "tomato",
    "tornado", "tower",   "tractor", "trumpet", "tulip",   "tunnel",  "turtle",  "uncle",
    "unicorn", "valley",  "vanilla", "velvet",  "village", "violin",  "volcano", "vulture",
    "wagon",   "walnut",  "water",   "whale",   "wheel",   "whisper", "window",  "winter",
    "wizard",  "wolf",    "yacht",   "yellow",  "yogurt",  "zebra",   "zipper",  "zoo"
};

enum { WORD_COUNT = 8 };

void chain_id_words(const struct digest *chain_id, char text[128])
{
    static_assert(WORD_COUNT * sizeof words[0] <= 128, "eight words and their spaces fit");
    size_t used = 0;
    for (size_t i = 0; i < WORD_COUNT; i++)
        used += (size_t)snprintf(text + used, 128 - used, i == 0 ? "%s" : " %s",
                                 words[chain_id->bytes[i]]);
}
