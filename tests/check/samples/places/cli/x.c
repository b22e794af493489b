/* seen in /Users/me/project */
